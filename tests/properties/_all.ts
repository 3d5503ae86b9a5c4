// The test files that declare properties to fuzz.

import "./events_test.ts";
import "./headers_test.ts";
import "./redirects_test.ts";
import "./requests_test.ts";
import "./responses_test.ts";
import "./values_test.ts";
