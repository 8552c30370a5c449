import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sigstore.AlgorithmRegistry.SigningAlgorithm;
import dev.sigstore.KeylessSigner;
import dev.sigstore.KeylessVerifier;
import dev.sigstore.SigningConfigProvider;
import dev.sigstore.TrustedRootProvider;
import dev.sigstore.VerificationOptions;
import dev.sigstore.VerificationOptions.CertificateMatcher;
import dev.sigstore.bundle.Bundle;
import dev.sigstore.oidc.client.OidcClients;
import dev.sigstore.oidc.client.TokenStringOidcClient;
import dev.sigstore.strings.StringMatcher;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Signs and verifies with sigstore-java.
 *
 * <pre>
 * Sigstore sign   KIT ARTIFACT BUNDLE TOKEN-FILE VERSION-OF-REKOR
 * Sigstore verify KIT ARTIFACT BUNDLE IDENTITY ISSUER
 * </pre>
 *
 * KIT is the folder of an instance that holds trusted_root.json and signing_config.v0.2.json.
 */
class Sigstore {
  public static void main(String[] arguments) throws Exception {
    Path kit = Path.of(arguments[1]);
    Path artifact = Path.of(arguments[2]);
    Path bundle = Path.of(arguments[3]);
    TrustedRootProvider trust = TrustedRootProvider.from(kit.resolve("trusted_root.json"));
    switch (arguments[0]) {
      case "sign" -> sign(kit, trust, artifact, bundle, arguments[4], arguments[5]);
      case "verify" -> verify(trust, artifact, bundle, arguments[4], arguments[5]);
      default -> throw new IllegalArgumentException("unknown verb " + arguments[0]);
    }
  }

  private static void sign(
      Path kit, TrustedRootProvider trust, Path artifact, Path bundle, String token, String rekor)
      throws Exception {
    OidcClients identity =
        OidcClients.of(TokenStringOidcClient.from(Files.readString(Path.of(token)).trim()));
    try (KeylessSigner signer =
        KeylessSigner.builder()
            .trustedRootProvider(trust)
            .signingConfigProvider(
                SigningConfigProvider.from(kit.resolve("signing_config.v0.2.json")))
            .forceCredentialProviders(identity)
            .signingAlgorithm(SigningAlgorithm.PKIX_ECDSA_P256_SHA_256)
            .enableRekorV2(rekor.equals("2"))
            .build()) {
      Files.writeString(bundle, signer.signFile(artifact).toJson());
    }
  }

  private static void verify(
      TrustedRootProvider trust, Path artifact, Path bundle, String identity, String issuer)
      throws Exception {
    CertificateMatcher signer =
        CertificateMatcher.fulcio()
            .subjectAlternativeName(StringMatcher.string(identity))
            .issuer(StringMatcher.string(issuer))
            .build();
    KeylessVerifier.builder()
        .trustedRootProvider(trust)
        .build()
        .verify(
            artifact,
            Bundle.from(bundle, UTF_8),
            VerificationOptions.builder().addCertificateMatchers(signer).build());
  }
}
