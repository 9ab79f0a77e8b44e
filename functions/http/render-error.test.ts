import { describe, expect, it } from "vitest";
import { StoreError } from "../../schema/store/errors.ts";
import { ApiError } from "./errors.ts";
import { renderError, toApiError } from "./render-error.ts";

describe("errors on the wire", () => {
  it("are a metav1 Status on the Kubernetes face", async () => {
    const response = renderError(new ApiError("NotFound", 'clusters "c-x" not found'), "kube");
    expect(response.status).toBe(404);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.json()).toEqual({
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: 'clusters "c-x" not found',
      reason: "NotFound",
      code: 404,
    });
  });

  it("say no more than Unauthorized to an unknown kubectl", async () => {
    const status = await renderError(new ApiError("Unauthorized", "token expired"), "kube").json();
    expect(status).toMatchObject({ message: "Unauthorized", reason: "Unauthorized", code: 401 });
  });

  it("carry Retry-After only where the error has one, in the header and in the Status", async () => {
    const error = new ApiError("ClusterUnavailable", "agent lost", { retryAfter: 1 });
    const response = renderError(error, "kube");
    expect(response.headers.get("retry-after")).toBe("1");
    expect(await response.json()).toMatchObject({
      reason: "ServiceUnavailable",
      details: { retryAfterSeconds: 1 },
    });
    expect(renderError(new ApiError("ClusterUnavailable", "x"), "kube").headers.has("retry-after")).toBe(
      false,
    );
  });

  it("are Norman's object on /v3, with the field at fault", async () => {
    const error = new ApiError("MissingRequired", "", { fieldName: "roleTemplateId" });
    expect(await renderError(error, "norman").json()).toEqual({
      type: "error",
      baseType: "error",
      status: 422,
      code: "MissingRequired",
      message: "",
      fieldName: "roleTemplateId",
    });
  });

  it("have a string status and no code for a caller without identity", async () => {
    const response = renderError(new ApiError("Unauthorized", "must authenticate"), "norman");
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({
      type: "error",
      status: "401",
      message: "Unauthorized 401: must authenticate",
    });
  });

  it("keep their code on the login endpoints", async () => {
    const error = new ApiError("Unauthorized", "authentication failed");
    expect(await renderError(error, "public-auth").json()).toEqual({
      type: "error",
      baseType: "error",
      status: 401,
      code: "Unauthorized",
      message: "authentication failed",
    });
  });

  it("tell nothing about what is not ours", async () => {
    const error = toApiError(new Error("relation objects does not exist, password=hunter2"));
    expect(error.status).toBe(500);
    for (const face of ["kube", "norman", "public-auth", "text"] as const)
      expect(await renderError(error, face).text()).not.toMatch(/hunter2|relation/);
  });

  it.each(["ECONNREFUSED", "CONNECTION_CLOSED", "CONNECT_TIMEOUT", "57P03", "08006", "53300"])(
    "are 503 while the database is away (%s)",
    (code) => {
      expect(toApiError(Object.assign(new Error("x"), { code })).status).toBe(503);
    },
  );

  it("keep the store's codes", () => {
    expect(toApiError(new StoreError("AlreadyExists", "x")).code).toBe("AlreadyExists");
    expect(toApiError(new StoreError("Forbidden", "x")).status).toBe(403);
  });

  it.each([
    ["Expired", 410],
    ["Timeout", 504],
  ] as const)("have the store's %s as Kubernetes' reason, with %i", async (code, status) => {
    const error = toApiError(new StoreError(code, "x"));
    expect(await renderError(error, "kube").json()).toMatchObject({ reason: code, code: status });
    expect(await renderError(error, "norman").json()).toMatchObject({ code, status });
  });

  it("tell a client in Kubernetes' way that the resourceVersion it asks for is yet to come", async () => {
    const cause = {
      reason: "ResourceVersionTooLarge",
      field: "",
      message: "Too large resource version",
    } as const;
    const error = new ApiError("Timeout", "Too large resource version: 9, current: 3", { causes: [cause] });
    const { field: _, ...shown } = cause;
    expect(await renderError(error, "kube").json()).toMatchObject({
      reason: "Timeout",
      details: { causes: [shown] },
    });
  });
});
