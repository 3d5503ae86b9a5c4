// The test files that declare properties to fuzz.

import "../agent/agent_simulation_test.ts";
import "../agent/call_property_test.ts";
import "../agent/pool_state_property_test.ts";
import "../auth/digest/digest_test.ts";
import "../auth/digest/hashes_test.ts";
import "../cookies/peer_test.ts";
import "../proxy/proxies_test.ts";
import "../proxy/socks5_test.ts";
import "./agent_fields_test.ts";
import "./codings_test.ts";
import "./cookies_test.ts";
import "./dates_test.ts";
import "./events_test.ts";
import "./headers_test.ts";
import "./redirects_test.ts";
import "./requests_test.ts";
import "./responses_test.ts";
import "./values_test.ts";
