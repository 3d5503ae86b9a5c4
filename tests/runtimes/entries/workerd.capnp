using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "suite", worker = (
      modules = [(name = "workerd.mjs", esModule = embed "workerd.mjs")],
      compatibilityDate = "2026-11-01",
      bindings = [
        (name = "SITE", fromEnvironment = "SITE"),
        (name = "SELF", service = "suite"),
      ],
    )),
    # Workers reach addresses that are not public only if they are allowed to.
    (name = "internet", network = (allow = ["local"])),
  ],
);
