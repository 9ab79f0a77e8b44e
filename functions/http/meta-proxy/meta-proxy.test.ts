import { describe, expect, it } from "vitest";
import { judge } from "./allowed-hosts.ts";
import { parseAuthLine } from "./auth-line.ts";
import { serviceAndRegion, sha256, signAws } from "./aws.ts";
import { destinationOf } from "./destination.ts";
import { answerChallenge } from "./digest.ts";
import { answerHeaders, outgoingHeaders } from "./headers.ts";

describe("where a request goes", () => {
  it.each([
    ["https:/api.example.com/v2/x?a=b", "https://api.example.com/v2/x?a=b"],
    ["https://API.example.com/v2//x", "https://api.example.com/v2//x"],
    ["http:/example.com:8080", "http://example.com:8080/"],
    ["example.com/%2e?x", "https://example.com/%2e?x"],
    ["http:/0x7f.1/", "http://127.0.0.1/"],
    ["2130706433/x", "https://127.0.0.1/x"],
    ["[::FFFF:127.0.0.1]/", "https://[::ffff:7f00:1]/"],
  ])("%s", (rest, url) => {
    expect(destinationOf(rest)?.url).toBe(url);
  });

  it.each([
    "",
    "https:/",
    "ftp:/example.com/",
    "https:/user@example.com/",
    "https:/a%2fb/",
    "https:///x",
    "example.com:x/",
    "example.com./",
  ])("refuses %j", (rest) => {
    expect(destinationOf(rest)).toBeUndefined();
  });
});

describe("which hosts are asked", () => {
  const patterns = [
    "forums.rancher.com",
    " 10.0.0.5:8443",
    "vcenter.corp.internal",
    "*.digitalocean.com",
    "ec2.%.amazonaws.com",
    "*.com",
    "%.co.uk",
    "*",
  ];
  const verdict = (rest: string): string => {
    const destination = destinationOf(rest);
    return destination === undefined ? "no host" : judge(destination, patterns);
  };

  it.each([
    ["forums.rancher.com/x", "listed"],
    ["api.digitalocean.com/", "public"],
    ["ec2.eu-west-1.amazonaws.com/", "public"],
    ["ec2.a.b.amazonaws.com/", "refused"],
    ["evil.com/", "refused"],
    ["evil.co.uk/", "refused"],
    ["digitalocean.com.evil.net/", "refused"],
    ["forums.rancher.com:8443/", "refused"],
    ["forums.rancher.com.evil.com/", "refused"],
    // tunnel 53: nothing of the machine or the network that it stands in, unless it is listed as it is.
    ["10.0.0.5:8443/", "listed"],
    ["10.0.0.5/", "refused"],
    ["vcenter.corp.internal/", "listed"],
    ["169.254.169.254/latest/meta-data", "refused"],
    ["127.0.0.1/", "refused"],
    ["http:/0x7f.1/", "refused"],
    ["[::1]/", "refused"],
    ["localhost/", "refused"],
    ["metadata.google.internal/", "refused"],
  ])("%s: %s", (rest, expected) => {
    expect(verdict(rest)).toBe(expected);
  });

  it("no wildcard covers an address or a private name", () => {
    for (const host of ["127.0.0.1", "db.svc.local"])
      expect(judge({ host, port: "" }, ["*.0.1", "*.local", "*"])).toBe("refused");
  });
});

describe("headers", () => {
  it("tunnel 53: nothing that proves who the caller is goes out", () => {
    const headers = outgoingHeaders(
      new Headers({
        accept: "application/json",
        authorization: "Bearer token-x:y",
        cookie: "R_SESS=token-x:y; CSRF=1",
        "x-api-csrf": "1",
        "x-api-auth-header": "rancher:Bearer cloud",
        "x-api-cattleauth-header": "bearer credID=x",
        "x-api-cookie-header": "a=b",
        "x-forwarded-for": "10.0.0.1",
        "cf-ray": "1",
        "impersonate-user": "admin",
        "x-drover-client-ip": "10.0.0.1",
        origin: "https://drover",
        referer: "https://drover/x",
        "x-amz-target": "rancher:List",
      }),
    );
    expect(Object.fromEntries(headers)).toEqual({
      accept: "application/json",
      authorization: "Bearer cloud",
      cookie: "a=b",
      "x-amz-target": "List",
    });
  });

  it("tunnel 53: an answer cannot set cookies here, nor act as this origin", () => {
    const headers = new Headers({
      "content-type": "text/html",
      "access-control-allow-origin": "*",
      "www-authenticate": "Basic",
      "content-security-policy": "default-src *",
    });
    headers.append("set-cookie", "R_SESS=evil");
    headers.append("set-cookie", "b=c");
    expect(Object.fromEntries(answerHeaders(headers))).toEqual({
      "content-type": "text/html",
      "content-security-policy": expect.stringMatching(/^default-src 'none';.* sandbox$/),
      "x-api-set-cookie-header": "R_SESS=evil, b=c",
      "x-content-type-options": "nosniff",
    });
  });
});

describe("signers", () => {
  it("need their fields", () => {
    expect(parseAuthLine("Bearer credID=cattle-global-data:cc-x passwordField=token").signer).toBe("bearer");
    expect(() => parseAuthLine("basic credID=a:b passwordField=x")).toThrow(/usernameField/);
    expect(() => parseAuthLine("ntlm credID=a:b")).toThrow(/signer/);
  });

  it("AWS: as in its own test suite (get-vanilla-query-order-key-case)", async () => {
    const request = {
      method: "GET",
      path: "/",
      query: "?Param2=value2&Param1=value1",
      headers: { host: "example.amazonaws.com", "x-amz-date": "20150830T123600Z" },
      payloadHash: await sha256(""),
      service: "service",
      region: "us-east-1",
    };
    const keys = { accessKey: "AKIDEXAMPLE", secretKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };
    expect(await signAws(request, keys)).toBe(
      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, " +
        "SignedHeaders=host;x-amz-date, " +
        "Signature=b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    );
  });

  it.each([
    ["ec2.eu-west-1.amazonaws.com", "ec2", "eu-west-1"],
    ["iam.amazonaws.com", "iam", "us-east-1"],
    ["iam.us-gov.amazonaws.com", "iam", "us-gov-west-1"],
    ["ec2.us-gov-east-1.amazonaws.com", "ec2", "us-gov-east-1"],
    ["eks.cn-northwest-1.amazonaws.com.cn", "eks", "cn-northwest-1"],
    ["kms.us-east-2.api.aws", "kms", "us-east-2"],
  ])("AWS: %s is %s in %s", (host, service, region) => {
    expect(serviceAndRegion(host)).toEqual({ service, region });
  });

  it("digest: as in RFC 2617, section 3.5, and RFC 7616, section 3.9.1", () => {
    const challenge =
      'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"';
    const input = {
      method: "GET",
      uri: "/dir/index.html",
      username: "Mufasa",
      password: "Circle Of Life",
      cnonce: "0a4f113b",
    };
    expect(answerChallenge(challenge, input)).toMatchObject({
      value: expect.stringContaining('response="6629fae49393a05397450978507c4ef1"'),
    });
    const sha =
      'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"';
    expect(
      answerChallenge(sha, {
        ...input,
        password: "Circle of Life",
        cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
      }),
    ).toMatchObject({
      value: expect.stringContaining(
        'response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"',
      ),
    });
    expect(answerChallenge("Basic realm=x", input)).toEqual({ problem: "it asks for no digest" });
  });
});
