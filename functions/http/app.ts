/** The API's middleware chain, in Rancher's order (design 2), then one sub-app per API face. Deny by default: routes.ts. */
import { Hono } from "hono";
import { logout } from "./auth/logout.ts";
import { publicAuth } from "./auth/public-auth.ts";
import { importManifest } from "./clusters/import-manifest.ts";
import { connectApp } from "./connect/app.ts";
import type { AppEnv } from "./context.ts";
import { kubeApp } from "./kube/app.ts";
import { localKubeApp } from "./kube/local/app.ts";
import { ping } from "./ping.ts";
import { frame, guard } from "./middleware/frame.ts";
import { answerError, answerNotFound } from "./middleware/answer-error.ts";
import { metaProxy } from "./meta-proxy/app.ts";
import { metricsApp } from "./metrics/app.ts";
import { normanApp } from "./norman/app.ts";
import { publicInfo } from "./public.ts";
import { rawPath } from "./target.ts";

export const app = new Hono<AppEnv>({ getPath: rawPath });

app.get("/ping", ping);
app.use(frame);
app.use(guard);
app.route("/", localKubeApp);
app.route("/", kubeApp);
app.route("/", connectApp);
app.route("/", metaProxy);
app.route("/", importManifest);
app.route("/", publicInfo);
app.route("/", metricsApp);
app.route("/", publicAuth);
app.route("/", logout);
app.route("/", normanApp);
app.notFound(answerNotFound);
app.onError(answerError);
