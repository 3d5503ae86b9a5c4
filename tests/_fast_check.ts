// fast-check, with arrays and strings as long as they may be. By default, those with a
// `maxLength` have ten elements at most.

import fc, { type Arbitrary } from "fast-check";

fc.configureGlobal({ defaultSizeToMaxWhenMaxSpecified: true });

export { type Arbitrary, fc };
