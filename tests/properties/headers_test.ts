// `HttpHeaders` against a plain list of pairs, and against the platform's.

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { HttpHeaders } from "../../mod.ts";
import { test } from "../_pure.ts";
import { type Field, fieldName, fields, fieldValue } from "./_generators.ts";

function trim(value: string): string {
  return value.replace(/^[ \t]+|[ \t]+$/g, "");
}

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

test("HttpHeaders keeps what a list of pairs does, after any operations", () => {
  const operations = fc.array(operation, { maxLength: 12 });
  fc.assert(
    fc.property(fields, operations, fieldName, (start, operations, name) => {
      const headers = new HttpHeaders(start);
      let model = start;
      for (const operation of operations) {
        model = operation(headers, model);
        assertEquals([...headers], model);
        assertEquals(headers.size, model.length);
      }
      const values = model.filter(([other]) => isSame(name, other))
        .map(([, value]) => value);
      assertEquals(headers.getAll(name), values);
      assertEquals(headers.has(name), values.length > 0);
      const joined = values.length > 0 ? values.join(", ") : null;
      assertEquals(headers.get(name), joined);
      assertEquals([...new HttpHeaders(headers)], model);
      assertEquals([...new HttpHeaders(headers.toJSON())].length, model.length);
    }),
    { seed: 9601, numRuns: 300 },
  );
});

test("HttpHeaders returns what the platform's Headers do for each name", () => {
  fc.assert(
    fc.property(fields, (fields) => {
      const headers = new HttpHeaders(fields);
      const platform = headers.toHeaders();
      for (const [name] of fields) {
        assertEquals(headers.get(name), platform.get(name));
        assertEquals(headers.has(name), platform.has(name));
      }
      const names = new Set(fields.map(([name]) => name.toLowerCase()));
      assertEquals(new Set(platform.keys()), names);
    }),
    { seed: 9602, numRuns: 200 },
  );
});

test("HttpHeaders accepts or rejects any strings with nothing but a TypeError", () => {
  const text = fc.string({ unit: "binary", maxLength: 12 });
  const anyName = fc.oneof(fieldName, text);
  fc.assert(
    fc.property(anyName, text, (name, value) => {
      const headers = new HttpHeaders();
      const bad = /[^\t\x20-\x7e\x80-\xff]/;
      const isValid = /^[\w!#$%&'*+.^`|~-]+$/.test(name) && !bad.test(value);
      let thrown: unknown = null;
      try {
        headers.append(name, value);
      } catch (error) {
        thrown = error;
      }
      assertEquals(thrown instanceof TypeError, !isValid);
      assertEquals([...headers], isValid ? [[name, trim(value)]] : []);
    }),
    { seed: 9603, numRuns: 500 },
  );
});
