/** The desk page: nobody sees it without being logged in. */

import "../styles/base.css";
import { mount } from "svelte";
import { fetchMe } from "../lib/api";
import { clock } from "../lib/clock.svelte";
import { open } from "../lib/signed-in";
import DeskPage from "./DeskPage.svelte";

open(fetchMe, ({ me, aheadMs }, target) => {
  clock.aheadMs = aheadMs;
  mount(DeskPage, { target, props: { who: me } });
});
