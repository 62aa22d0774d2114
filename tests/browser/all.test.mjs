// All suites over one server and one browser, so that the data is made once.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { start } from "./stoa.mjs";
import * as keyboard from "./keyboard.mjs";
import * as looks from "./looks.mjs";
import * as pages from "./pages.mjs";
import * as states from "./states.mjs";

const stoa = {};
before(() => start(stoa), { timeout: 120_000 });
after(async () => { await stoa.stop?.(); }, { timeout: 30_000 });

// The empty node comes first; then the data is made beside the tasks by keyboard, which bring their own.
states.ofAnEmptyNode(stoa);
test("the data is begun", () => stoa.begin());
keyboard.suite(stoa);
states.suite(stoa);
keyboard.work(stoa);
test("the data is there", { timeout: 240_000 }, () => stoa.imported);
pages.suite(stoa);
looks.suite(stoa);

test("no page asked anything of another host", () => assert.deepEqual(stoa.foreign, []));
