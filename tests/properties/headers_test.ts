// `HttpHeaders` against a plain list of pairs, and against the platform's.

import { fc } from "../_fast_check.ts";
import { HttpHeaders } from "../../mod.ts";
import { equal } from "../_sweep.ts";
import { type Field, fieldName, fields, fieldValue } from "./_generators.ts";
import { property } from "./_property.ts";

type Operation = (headers: HttpHeaders, model: Field[]) => Field[];

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.tuple(fieldName, fieldValue).map(
    ([name, value]): Operation => (headers, model) => {
      headers.append(name, value);
      return [...model, [name, value]];
    },
  ),
  fc.tuple(fieldName, fieldValue).map(
    ([name, value]): Operation => (headers, model) => {
      headers.set(name, value);
      const first = model.findIndex(([other]) => isSame(name, other));
      if (first < 0) return [...model, [name, value]];
      return model.map((pair, i): Field => i === first ? [name, value] : pair)
        .filter(([other], i) => i === first || !isSame(name, other));
    },
  ),
  fieldName.map((name): Operation => (headers, model) => {
    headers.delete(name);
    return model.filter(([other]) => !isSame(name, other));
  }),
);

property(
  "HttpHeaders keeps what a list of pairs does, and reads as Headers do",
  300,
  fc.tuple(fields, fc.array(operation, { maxLength: 12 }), fieldName),
  ([start, operations, name]) => {
    const headers = new HttpHeaders(start);
    let model = start;
    for (const operation of operations) {
      model = operation(headers, model);
      equal("pairs", [...headers], model);
      equal("size", headers.size, model.length);
    }
    const platform = headers.toHeaders();
    for (const each of [name, ...model.map(([name]) => name)]) {
      const values = model.filter(([other]) => isSame(each, other))
        .map(([, value]) => value);
      equal("getAll", headers.getAll(each), values);
      equal("has", headers.has(each), values.length > 0);
      equal("get", headers.get(each), values.length ? values.join(", ") : null);
      equal("Headers", platform.get(each), headers.get(each));
    }
    equal("a copy", [...new HttpHeaders(headers)], model);
  },
);
