/**
 * Plain scalars as Go's YAML reads them (sigs.k8s.io/yaml 1.6, recorded from it in the test), where YAML 1.2 reads texts or other
 * numbers: kube-apiserver's clients write `yes`, and modes as 0644.
 */
import type { ScalarTag } from "yaml";

const bool: ScalarTag = {
  identify: (value) => typeof value === "boolean",
  default: true,
  tag: "tag:yaml.org,2002:bool",
  test: /^(?:y|Y|yes|Yes|YES|n|N|no|No|NO|on|On|ON|off|Off|OFF)$/,
  resolve: (text) => /^(?:y|on)/i.test(text),
};

function integer(test: RegExp): ScalarTag {
  return {
    identify: (value) => typeof value === "bigint",
    default: true,
    tag: "tag:yaml.org,2002:int",
    test,
    resolve: (text) => {
      const [, sign, digits = ""] = /^([-+]?)(.*)$/.exec(text.replaceAll("_", "")) ?? [];
      const value = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits}` : digits);
      return sign === "-" ? -value : value;
    },
  };
}

/** Before the tags of YAML 1.2. */
export const goScalars: readonly ScalarTag[] = [
  bool,
  integer(/^[-+]?0[0-7_]+$/),
  integer(/^[-+]?0b[01_]*[01]_*$/),
  integer(/^[-+]?0x[0-9a-fA-F_]*[0-9a-fA-F]_*$/),
  integer(/^[-+]?[1-9][0-9_]+$/),
];
