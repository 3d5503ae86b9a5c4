/**
 * What the calls of one agent share.
 *
 * @module
 */

import { RetryBudget } from "./retry_budget.ts";

let budgetOf: (memory: HttpCallMemory) => RetryBudget;

/** What calls share: credentials that were accepted, and retry budgets. */
export class HttpCallMemory {
  readonly #retryBudget = new RetryBudget();

  static {
    budgetOf = (memory) => memory.#retryBudget;
  }
}

/** The retry budgets in a memory. */
export function retryBudgetOf(memory: HttpCallMemory): RetryBudget {
  return budgetOf(memory);
}
