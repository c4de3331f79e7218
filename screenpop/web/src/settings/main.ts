/** The settings page: desks, and who serves their queues. The server lets admins alone see and change them. */

import "../styles/base.css";
import { mount } from "svelte";
import { fetchMe } from "../lib/api";
import { open } from "../lib/signed-in";
import SettingsPage from "./SettingsPage.svelte";

open(fetchMe, ({ me }, target) => {
  mount(SettingsPage, { target, props: { me } });
});
