/** The phone page: calls the support number from this browser. */

import "../styles/base.css";
import { mount } from "svelte";
import { fetchMe } from "../lib/api";
import { open } from "../lib/signed-in";
import PhonePage from "./PhonePage.svelte";

open(fetchMe, ({ me }, target) => {
  mount(PhonePage, { target, props: { me } });
});
