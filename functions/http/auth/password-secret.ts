/** Passwords as Secrets in Rancher's form (auth.md 2.1): namespace `cattle-local-user-passwords`, named like the user. */
import { passwordHashAnnotation } from "../../../schema/auth/password.ts";
import type { StoredPassword } from "../../../schema/auth/password.ts";
import type { Secret } from "../../../schema/resources/core/secrets.ts";
import type { User } from "../../../schema/resources/management.cattle.io/users.ts";

export const passwordNamespace = "cattle-local-user-passwords";

/** The Secret of a user; owned by him, if he exists already (his uid is known). */
export function passwordSecret(user: Pick<User, "metadata">, hashed: StoredPassword): Secret {
  const { name, uid } = user.metadata;
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name,
      namespace: passwordNamespace,
      annotations: { [passwordHashAnnotation]: hashed.algorithm },
      ...(uid === undefined
        ? {}
        : { ownerReferences: [{ apiVersion: "management.cattle.io/v3", kind: "User", name, uid }] }),
    },
    type: "Opaque",
    data: passwordData(hashed),
  };
}

export function passwordData(hashed: StoredPassword): Record<string, string> {
  return { password: toBase64(hashed.password), salt: toBase64(hashed.salt) };
}

/** `undefined` for a Secret that holds no readable password: it then verifies like that of an unknown user. */
export function storedPassword(secret: Secret | undefined): StoredPassword | undefined {
  const { password, salt } = secret?.data ?? {};
  const algorithm = secret?.metadata.annotations?.[passwordHashAnnotation];
  if (password === undefined || algorithm === undefined) return undefined;
  try {
    return { password: fromBase64(password), salt: fromBase64(salt ?? ""), algorithm };
  } catch {
    return undefined;
  }
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
