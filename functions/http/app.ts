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
import { authenticate, requireAccess, requireChangedPassword, webSocketOrigin } from "./middleware/access.ts";
import { drainBody } from "./middleware/drain-body.ts";
import { dropInternalHeaders, refuseOddTargets, requestContext } from "./middleware/request-context.ts";
import {
  apiCattleAuth,
  contentTypeOptions,
  noCache,
  requestIdHeader,
} from "./middleware/response-headers.ts";
import { answerError, answerNotFound } from "./middleware/answer-error.ts";
import { metricsApp } from "./metrics/app.ts";
import { normanApp } from "./norman/app.ts";
import { publicInfo } from "./public.ts";
import { rawPath } from "./target.ts";

export const app = new Hono<AppEnv>({ getPath: rawPath });

app.get("/ping", ping);
app.use(drainBody);
app.use(requestContext);
app.use(requestIdHeader);
app.use(apiCattleAuth);
app.use(contentTypeOptions);
app.use(noCache);
app.use(refuseOddTargets);
app.use(dropInternalHeaders);
app.use(authenticate);
app.use(webSocketOrigin);
app.use(requireAccess);
app.use(requireChangedPassword);
app.route("/", localKubeApp);
app.route("/", kubeApp);
app.route("/", connectApp);
app.route("/", importManifest);
app.route("/", publicInfo);
app.route("/", metricsApp);
app.route("/", publicAuth);
app.route("/", logout);
app.route("/", normanApp);
app.notFound(answerNotFound);
app.onError(answerError);
