// docs/policies.md, "Sending again" and "Credentials": the memory of a crawler that
// meets any number of origins stays bounded.

import { assertEquals } from "@std/assert";
import { HttpAuthBearer, HttpChallenge } from "@pimalaya/io-http";
import { Authorization } from "../../agent/credentials.ts";
import { CredentialStore, RetryBudget } from "../../agent/memory.ts";
import { test } from "../_pure.ts";

test("Credentials: only those that were stored last are kept", () => {
  const store = new CredentialStore();
  const credential = new HttpAuthBearer("t");
  const challenges = HttpChallenge.parseAll("Bearer");
  const token = Authorization.find(credential, challenges, {
    basicForPassword: false,
    coversBody: true,
  })!;
  store.put("used", token);
  for (let i = 0; i < 1023; i++) store.put(`a${i}`, token);
  store.put("used", token);
  for (let i = 0; i < 1023; i++) store.put(`b${i}`, token);
  assertEquals(store.get("used"), token);
  store.put("one more", token);
  assertEquals(store.get("used"), null);
});

test("Sending again: the budgets of only so many origins are kept", () => {
  const budget = new RetryBudget();
  const takeAll = () => {
    let taken = 0;
    while (budget.takeRetry("http://a.test", 0.2)) taken++;
    return taken;
  };
  assertEquals([takeAll(), takeAll()], [10, 0]);
  for (let i = 0; i < 4095; i++) budget.noteRequest(`http://${i}.test`);
  assertEquals(takeAll(), 0);
  budget.noteRequest("http://b.test");
  assertEquals(takeAll(), 10);
});
