// Certificates made for one test: an authority, and what it issues.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace finishline::test {

struct CertificateWish {
  std::string common_name = "www.example.org";
  std::string organization = {};
  std::vector<std::string> names = {"DNS:www.example.org"};  // as openssl writes them; none: no such field
  long from_days = -1;                                       // from today
  long until_days = 30;
  bool rsa = false;
  std::string key = {};  // PEM, as an earlier one has it; "": a new one
};

struct CertificatePair {
  std::string certificate;  // PEM
  std::string key;
};

/// The number that makes the key of an elliptic curve private, 32 bytes.
std::string private_number_of(const std::string& key);

class TestAuthority {
 public:
  explicit TestAuthority(const std::string& name = "Test CA");
  ~TestAuthority();
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;

  /// Its own certificate, PEM.
  const std::string& pem() const { return pem_; }
  CertificatePair issue(const CertificateWish& wish = {});
  /// A response that this certificate is good, DER.
  std::string ocsp_for(const CertificatePair& pair) const;

 private:
  struct Its;
  std::unique_ptr<Its> its_;
  std::string pem_;
  long next_serial_ = 2;
};

}  // namespace finishline::test
