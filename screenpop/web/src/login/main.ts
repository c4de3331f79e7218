/** The login page. */

import "../styles/base.css";
import { mount } from "svelte";
import { preferences } from "../lib/preferences.svelte";
import { language } from "../lib/text.svelte";
import LoginPage from "./LoginPage.svelte";

language.choose(preferences.language || navigator.language);
mount(LoginPage, { target: document.getElementById("page") as HTMLElement });
