#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <string>

namespace ropewalk {

// For tests: a key, and a certificate for 127.0.0.1 that it has signed itself.
class SelfSigned {
 public:
  // Takes the key, e.g. EVP_RSA_gen(2048).
  explicit SelfSigned(EVP_PKEY* key = EVP_EC_gen("P-256")) : key_(key), certificate_(X509_new()) {
    X509_set_version(certificate_, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate_), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate_), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate_), 3600);
    X509_set_pubkey(certificate_, key_);
    X509_NAME* const name = X509_get_subject_name(certificate_);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(certificate_, name);
    X509_EXTENSION* const address =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1");
    X509_add_ext(certificate_, address, -1);
    X509_EXTENSION_free(address);
    X509_sign(certificate_, key_, EVP_sha256());
  }
  ~SelfSigned() {
    X509_free(certificate_);
    EVP_PKEY_free(key_);
  }
  SelfSigned(const SelfSigned&) = delete;
  SelfSigned& operator=(const SelfSigned&) = delete;

  // In PEM.
  std::string Certificate() const {
    return Pem([this](BIO* bio) { PEM_write_bio_X509(bio, certificate_); });
  }
  std::string Key() const {
    return Pem([this](BIO* bio) {
      PEM_write_bio_PrivateKey(bio, key_, nullptr, nullptr, 0, nullptr, nullptr);
    });
  }
  std::string KeyWithPassword(std::string password) const {
    return Pem([this, &password](BIO* bio) {
      PEM_write_bio_PrivateKey(bio, key_, EVP_aes_256_cbc(),
                               reinterpret_cast<const unsigned char*>(password.data()),
                               static_cast<int>(password.size()), nullptr, nullptr);
    });
  }

 private:
  template <typename Write>
  static std::string Pem(Write write) {
    BIO* const bio = BIO_new(BIO_s_mem());
    write(bio);
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    std::string pem(data, size);
    BIO_free(bio);
    return pem;
  }

  EVP_PKEY* const key_;
  X509* const certificate_;
};

}  // namespace ropewalk
