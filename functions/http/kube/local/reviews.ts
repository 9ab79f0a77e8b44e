/**
 * Types that are only created, and never stored: questions about rights and identity (authorization.k8s.io,
 * authentication.k8s.io), answered by the one evaluator, and requests of ext.cattle.io.
 */
import type { KubeObject } from "../../../../schema/object.ts";
import { allows, allowsPath } from "../../../../schema/rbac/evaluate.ts";
import type { RbacSubject, ScopedRule } from "../../../../schema/rbac/types.ts";
import { apiVersionOf, typeKey } from "../../../../schema/resource.ts";
import { localSubjectAccessReviews } from "../../../../schema/resources/authorization.k8s.io/local-subject-access-reviews.ts";
import { selfSubjectAccessReviews } from "../../../../schema/resources/authorization.k8s.io/self-subject-access-reviews.ts";
import type { SelfSubjectAccessReview } from "../../../../schema/resources/authorization.k8s.io/self-subject-access-reviews.ts";
import { selfSubjectRulesReviews } from "../../../../schema/resources/authorization.k8s.io/self-subject-rules-reviews.ts";
import type { SelfSubjectRulesReview } from "../../../../schema/resources/authorization.k8s.io/self-subject-rules-reviews.ts";
import { subjectAccessReviews } from "../../../../schema/resources/authorization.k8s.io/subject-access-reviews.ts";
import type { SubjectAccessReview } from "../../../../schema/resources/authorization.k8s.io/subject-access-reviews.ts";
import { tokenReviews } from "../../../../schema/resources/authentication.k8s.io/token-reviews.ts";
import { selfSubjectReviews } from "../../../../schema/resources/authentication.k8s.io/self-subject-reviews.ts";
import { groupMembershipRefreshRequests } from "../../../../schema/resources/ext.cattle.io/group-membership-refresh-requests.ts";
import { passwordChangeRequests } from "../../../../schema/resources/ext.cattle.io/password-change-requests.ts";
import type { PasswordChangeRequest } from "../../../../schema/resources/ext.cattle.io/password-change-requests.ts";
import { selfUsers } from "../../../../schema/resources/ext.cattle.io/self-users.ts";
import { invalid } from "../../../../schema/resources/names.ts";
import { asGo, isGoType } from "../../../../schema/resources/go-shape.ts";
import { users } from "../../../../schema/resources/management.cattle.io/users.ts";
import type { User } from "../../../../schema/resources/management.cattle.io/users.ts";
import { applyDefaults, prune, validate } from "../../../../schema/structural/engine.ts";
import type { FieldError } from "../../../../schema/structural/types.ts";
import { authorize } from "../../../../schema/store/authorize.ts";
import { invalidObject } from "../../../../schema/store/errors.ts";
import type { BoundStore } from "../../../../schema/store/store.ts";
import { reasonOf } from "../../../identity/grant.ts";
import { actorOf } from "../../../identity/identity.ts";
import { loadRights, mayAct } from "../../../identity/user-access.ts";
import { absentAsUndefined } from "../../../store/absent.ts";
import { systemStore } from "../../context.ts";
import { ApiError } from "../../errors.ts";
import { answerPasswordChange } from "../../ext/change-password.ts";
import { answerGroupRefresh } from "../../ext/refresh-groups.ts";
import { answerObject } from "./answer.ts";
import type { Call } from "./call.ts";
import { decodeBody, requireType } from "./decode-body.ts";
import { readObject } from "./request-body.ts";
import { fieldWarnings, parseWriteQuery } from "./write-options.ts";
import { reviewToken, userInfoOf } from "./token-review.ts";

/** Its `status`. */
type Answers = (call: Call, review: KubeObject, dryRun: boolean) => Promise<object> | object;

const answers: Readonly<Record<string, Answers>> = {
  [typeKey(selfSubjectAccessReviews)]: (call, review) => {
    const { spec } = review as SelfSubjectAccessReview;
    refuse(call, attributeErrors(spec));
    const { userId: user, groups, rules } = call.identity;
    return decide(systemStore(call.c, "access-review"), { user, groups }, rules, spec);
  },
  [typeKey(selfSubjectRulesReviews)]: ({ identity }, review) =>
    rulesOf(identity.rules, (review as SelfSubjectRulesReview).spec.namespace ?? ""),
  [typeKey(selfSubjectReviews)]: ({ identity }) => ({ userInfo: userInfoOf(identity) }),
  [typeKey(tokenReviews)]: reviewToken,
  [typeKey(selfUsers)]: ({ identity }) => ({ userID: identity.userId }),
  [typeKey(passwordChangeRequests)]: async ({ c, identity }, review, dryRun) =>
    answerPasswordChange(c, identity, review, dryRun),
  [typeKey(groupMembershipRefreshRequests)]: async ({ c, identity }, review, dryRun) =>
    answerGroupRefresh(c, identity, review, dryRun),
  [typeKey(subjectAccessReviews)]: async (call, review) => askAbout(call, review),
  [typeKey(localSubjectAccessReviews)]: (call, review) => {
    const { resourceAttributes, nonResourceAttributes } = (review as SubjectAccessReview).spec;
    const namespace = resourceAttributes?.namespace ?? "";
    const errors: FieldError[] = [];
    if (resourceAttributes !== undefined && namespace !== call.namespace)
      errors.push(invalid("spec.resourceAttributes.namespace", namespace, "must match metadata.namespace"));
    if (nonResourceAttributes !== undefined)
      errors.push(
        invalid("spec.nonResourceAttributes", nonResourceAttributes, "disallowed on this kind of request"),
      );
    return askAbout(call, review, errors);
  },
};

/** Where an answer does not repeat what was sent. */
const shown: Readonly<Record<string, (review: KubeObject) => KubeObject>> = {
  [typeKey(passwordChangeRequests)]: (review) => {
    const { spec = {}, ...rest } = review as PasswordChangeRequest;
    const { currentPassword: _c, newPassword: _n, ...told } = spec;
    return { ...rest, spec: told };
  },
};

export async function review(call: Call): Promise<Response> {
  const { definition, identity, namespace, c } = call;
  authorize(actorOf(identity), { verb: "create", definition, namespace });
  const { dryRun, fieldValidation } = parseWriteQuery(call.query, "CreateOptions");
  const { value, duplicates } = await readObject(c.req.raw);
  decodeBody(definition, value);
  requireType(definition, value);
  call.warnings.push(...fieldWarnings(definition, value, duplicates, fieldValidation));
  const { apiVersion: _a, kind: _k, metadata = {}, status: _s, ...rest } = value;
  const schema = definition.schema();
  prune(schema, rest);
  if (isGoType(definition)) asGo(schema, rest);
  applyDefaults(schema, rest);
  const errors = validate(schema, rest);
  refuse(call, errors);
  const question = {
    apiVersion: apiVersionOf(definition),
    kind: definition.kind,
    metadata: { ...(metadata as KubeObject["metadata"]) },
    ...rest,
  };
  const answer = answers[typeKey(definition)];
  if (answer === undefined) throw new TypeError(`${typeKey(definition)} has no answer`);
  const status = await answer(call, question, dryRun);
  const told = shown[typeKey(definition)]?.(question) ?? question;
  return answerObject(call, { ...told, status } as KubeObject, 201);
}

/** By all bindings of the user name and the groups that are asked about; one who may not act has no rights. */
async function askAbout(call: Call, review: KubeObject, errors: readonly FieldError[] = []): Promise<object> {
  const { spec } = review as SubjectAccessReview;
  const { user = "", groups = [] } = spec;
  const nobody =
    user === "" && groups.length === 0
      ? [invalid("spec.user", user, "at least one of user or group must be specified")]
      : [];
  refuse(call, [...attributeErrors(spec), ...nobody, ...errors]);
  const store = systemStore(call.c, "access-review");
  const [{ rules }, known] = await Promise.all([
    loadRights(store, { user, groups }),
    user === "" ? undefined : absentAsUndefined(store.get<User>(users, "", user)),
  ]);
  return decide(store, { user, groups }, known === undefined || mayAct(known) ? rules : [], spec);
}

/** In kube-apiserver's words: it asks either about objects or about a path. */
function attributeErrors({
  resourceAttributes,
  nonResourceAttributes,
}: SelfSubjectAccessReview["spec"]): FieldError[] {
  if (resourceAttributes === undefined && nonResourceAttributes === undefined)
    return [
      invalid(
        "spec.resourceAttributes",
        null,
        "exactly one of nonResourceAttributes or resourceAttributes must be specified",
      ),
    ];
  if (resourceAttributes === undefined || nonResourceAttributes === undefined) return [];
  const why = "cannot be specified in combination with resourceAttributes";
  return [invalid("spec.nonResourceAttributes", nonResourceAttributes, why)];
}

function refuse({ definition }: Call, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalidObject(definition, "", errors);
}

/** What is asked, as a question to rules. */
function questionOf({
  resourceAttributes,
  nonResourceAttributes,
}: SelfSubjectAccessReview["spec"]): (rules: readonly ScopedRule[]) => boolean {
  if (nonResourceAttributes !== undefined) {
    const { verb = "", path = "" } = nonResourceAttributes;
    return (rules) => allowsPath(rules, verb, path);
  }
  const {
    verb = "",
    group = "",
    resource = "",
    subresource = "",
    name,
    namespace,
  } = resourceAttributes ?? {};
  const attributes = {
    verb,
    group,
    resource: subresource === "" ? resource : `${resource}/${subresource}`,
    ...(name === undefined || name === "" ? {} : { name }),
    ...(namespace === undefined || namespace === "" ? {} : { namespace }),
  };
  return (rules) => allows(rules, attributes);
}

/** The answer, and by which binding. */
async function decide(
  store: BoundStore,
  subject: RbacSubject,
  rules: readonly ScopedRule[],
  spec: SelfSubjectAccessReview["spec"],
): Promise<object> {
  const asked = questionOf(spec);
  if (!asked(rules)) return { allowed: false };
  const reason = await reasonOf(store, subject, asked);
  return { allowed: true, ...(reason === "" ? {} : { reason }) };
}

/** Throws `BadRequest` without a namespace: some rules hold in some alone. */
function rulesOf(rules: readonly ScopedRule[], namespace: string): object {
  if (namespace === "") throw new ApiError("BadRequest", "no namespace on request");
  const here = rules.filter(({ namespaces }) => namespaces === undefined || namespaces.includes(namespace));
  return {
    resourceRules: here
      .filter(({ resources = [] }) => resources.length > 0)
      .map(({ verbs, apiGroups, resources, resourceNames = [] }) => ({
        verbs,
        apiGroups,
        resources,
        ...(resourceNames.length === 0 ? {} : { resourceNames }),
      })),
    nonResourceRules: here
      .filter(
        ({ nonResourceURLs = [], namespaces }) => nonResourceURLs.length > 0 && namespaces === undefined,
      )
      .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
    incomplete: false,
  };
}
