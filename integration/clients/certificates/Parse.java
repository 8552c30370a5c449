// Parses certificates with Java's own library: root, intermediate, precertificate, leaf. Prints of each the serial number,
// and "signed" if the one before it (for the leaf, the intermediate) signed it.

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;

class Parse {
  public static void main(String[] paths) throws Exception {
    CertificateFactory factory = CertificateFactory.getInstance("X.509");
    X509Certificate[] parsed = new X509Certificate[paths.length];
    for (int index = 0; index < paths.length; index++) {
      try (InputStream bytes = Files.newInputStream(Path.of(paths[index]))) {
        parsed[index] = (X509Certificate) factory.generateCertificate(bytes);
      }
    }
    int[] issuers = {0, 0, 1, 1};
    for (int index = 0; index < parsed.length; index++) {
      parsed[index].verify(parsed[issuers[index]].getPublicKey());
      System.out.println(parsed[index].getSerialNumber().toString(16) + " signed");
    }
  }
}
