/** Certificates for one test, made by openssl. */

/** Whether there is an openssl. */
export const noOpenssl = (() => {
  try {
    return !new Deno.Command("openssl", { args: ["version"], stdout: "null", stderr: "null" }).outputSync()
      .success;
  } catch {
    return true;
  }
})();

/** A self-signed certificate and its key, in PEM. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

/** Makes a certificate for these names, such as `DNS:localhost` or `IP:127.0.0.1`. */
export async function certificateFor(...names: readonly string[]): Promise<Certificate> {
  const folder = await Deno.makeTempDir({ prefix: "penstock_" });
  try {
    const [certificate, key] = [`${folder}/certificate.pem`, `${folder}/key.pem`];
    const { success, stderr } = await new Deno.Command("openssl", {
      args: [
        ...[
          "req",
          "-x509",
          "-newkey",
          "ec",
          "-pkeyopt",
          "ec_paramgen_curve:prime256v1",
          "-nodes",
          "-days",
          "2",
        ],
        ...["-subj", "/CN=penstock test", "-addext", `subjectAltName=${names.join(",")}`],
        ...["-addext", "basicConstraints=critical,CA:FALSE", "-keyout", key, "-out", certificate],
      ],
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    return { certificate: await Deno.readTextFile(certificate), key: await Deno.readTextFile(key) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
