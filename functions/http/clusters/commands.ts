/** What a registration token is shown with: commands to run in the cluster or on its nodes (norman-v3.md 6). Pure. */

export interface CommandInput {
  /** `https://host[:port]`, no trailing slash. */
  readonly serverUrl: string;
  readonly clusterId: string;
  /** Empty where the Secret cannot be read: then all commands are empty. */
  readonly token: string;
  readonly caChecksum: string;
  readonly agentEnv: readonly { readonly name: string; readonly value?: string }[];
}

export type RegistrationCommands = Readonly<
  Record<
    | "token"
    | "command"
    | "insecureCommand"
    | "nodeCommand"
    | "insecureNodeCommand"
    | "windowsNodeCommand"
    | "insecureWindowsNodeCommand"
    | "manifestUrl",
    string
  >
>;

export function registrationCommands(input: CommandInput): RegistrationCommands {
  const { serverUrl: root, clusterId, token, caChecksum } = input;
  if (token === "") return none;
  const manifestUrl = `${root}/v3/import/${token}_${clusterId}.yaml`;
  const linuxEnv = input.agentEnv.map(({ name, value = "" }) => `${name}=${shellQuoted(value)}`).join(" ");
  const windowsEnv = input.agentEnv
    .map(({ name, value = "" }) => `$env:${name}=${powerShellQuoted(value)};`)
    .join(" ");
  const linuxCa = caChecksum === "" ? "" : ` --ca-checksum ${caChecksum}`;
  const windowsCa = caChecksum === "" ? "" : ` -CaChecksum ${caChecksum}`;
  const linux = (curl: string): string =>
    `${linuxEnv} ${curl} ${root}/system-agent-install.sh | sudo ${linuxEnv} sh -s - --server ${root}` +
    ` --label 'cattle.io/os=linux' --token ${token}${linuxCa}`;
  const windows = (curl: string): string =>
    `${windowsEnv} ${curl} ${root}/wins-agent-install.ps1 -o install.ps1; Set-ExecutionPolicy Bypass -Scope Process -Force;` +
    ` ./install.ps1 -Server ${root} -Label 'cattle.io/os=windows' -Token ${token} -Worker${windowsCa}`;
  return {
    token,
    manifestUrl,
    command: `kubectl apply -f ${manifestUrl}`,
    insecureCommand: `curl --insecure -sfL ${manifestUrl} | kubectl apply -f -`,
    nodeCommand: linux("curl -fL"),
    insecureNodeCommand: linux("curl --insecure -fL"),
    windowsNodeCommand: windows("curl.exe -fL"),
    insecureWindowsNodeCommand: windows("curl.exe --insecure -fL"),
  };
}

const none: RegistrationCommands = {
  token: "",
  manifestUrl: "",
  command: "",
  insecureCommand: "",
  nodeCommand: "",
  insecureNodeCommand: "",
  windowsNodeCommand: "",
  insecureWindowsNodeCommand: "",
};

/** Double quotes as Rancher has them; what would end them or expand is escaped: an administrator pastes this into a root shell. */
function shellQuoted(value: string): string {
  return `"${value.replaceAll(/["\\$`]/g, "\\$&")}"`;
}

function powerShellQuoted(value: string): string {
  return `"${value.replaceAll(/["$`]/g, "`$&")}"`;
}
