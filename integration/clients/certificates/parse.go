// Parses certificates with Go's own library: root, intermediate, precertificate, leaf. Prints of each the serial number, and
// "signed" if the one before it (for the leaf, the intermediate) signed it.
package main

import (
	"crypto/x509"
	"fmt"
	"log"
	"os"
)

func main() {
	var parsed []*x509.Certificate
	for _, path := range os.Args[1:] {
		der, err := os.ReadFile(path)
		if err != nil {
			log.Fatal(err)
		}
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			log.Fatalf("%s: %v", path, err)
		}
		parsed = append(parsed, certificate)
	}
	for index, certificate := range parsed {
		issuer := parsed[[]int{0, 0, 1, 1}[index]]
		if err := certificate.CheckSignatureFrom(issuer); err != nil {
			log.Fatalf("%s: %v", os.Args[1+index], err)
		}
		fmt.Printf("%x signed\n", certificate.SerialNumber)
	}
}
