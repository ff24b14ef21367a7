#include "services/common/http_tls_identity.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <boost/asio/buffer.hpp>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "services/common/files.h"
#include "services/common/logging.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;
using boost::system::error_code;

constexpr absl::Duration kLookEvery = absl::Minutes(1);
constexpr absl::string_view kCertificateFlag = "--http-certificate";
constexpr absl::string_view kKeyFlag = "--http-key";

absl::StatusOr<std::string> ReadNamed(absl::string_view flag, const std::string& path) {
  if (path.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(flag, " is missing: give ", kCertificateFlag,
                                                   " and ", kKeyFlag, ", or none of them"));
  }
  absl::StatusOr<std::string> text = ReadFile(path);
  if (text.ok()) return text;
  return absl::InvalidArgumentError(absl::StrCat(flag, ": ", text.status().message()));
}

void SetLimits(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  // Clients would make the server calculate again and again.
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
  // Clients keep what resumes a session themselves.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
}

// Whether a key could be read and is not the one that the certificate tells of.
bool IsOfAnother(const error_code& error) {
  return ERR_GET_LIB(static_cast<unsigned long>(error.value())) == ERR_LIB_X509;
}

absl::Status UseCertificate(const std::string& path, const std::string& text,
                            ssl::context* context) {
  error_code error;
  context->use_certificate_chain(asio::buffer(text), error);
  if (!error) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(kCertificateFlag, ": ", path, " is no certificate in PEM (", error.message(),
                   "); it must begin with -----BEGIN CERTIFICATE-----"));
}

absl::Status UseKey(const HttpTlsFiles& files, const std::string& text, ssl::context* context) {
  error_code error;
  context->use_private_key(asio::buffer(text), ssl::context::pem, error);
  if (error && !IsOfAnother(error)) {
    return absl::InvalidArgumentError(
        absl::StrCat(kKeyFlag, ": ", files.key, " is no private key in PEM without a password (",
                     error.message(), "); `openssl pkey -in KEY -out FILE` makes one"));
  }
  // A key of another kind than the certificate's is taken at first.
  if (!error && SSL_CTX_check_private_key(context->native_handle()) == 1) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(kKeyFlag, ": the key in ", files.key, " does not belong to the certificate in ",
                   files.certificate, "; give the one that the certificate was asked for with"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<HttpTlsIdentity>> HttpTlsIdentity::Open(const HttpTlsFiles& files,
                                                                       const Clock* clock) {
  std::unique_ptr<HttpTlsIdentity> identity(new HttpTlsIdentity(files, clock));
  MutexLock lock(&identity->mutex_);
  identity->times_ = identity->ChangeTimes();
  ASSIGN_OR_RETURN(identity->context_, identity->Read());
  identity->next_look_ = clock->Monotonic() + kLookEvery;
  return identity;
}

HttpTlsIdentity::HttpTlsIdentity(const HttpTlsFiles& files, const Clock* clock)
    : files_(files), clock_(clock) {}

std::shared_ptr<ssl::context> HttpTlsIdentity::Context() {
  MutexLock lock(&mutex_);
  const absl::Duration now = clock_->Monotonic();
  if (now >= next_look_) {
    next_look_ = now + kLookEvery;
    ReadAgain();
  }
  return context_;
}

void HttpTlsIdentity::ReadAgain() {
  const Times times = ChangeTimes();
  if (times == times_) return;
  times_ = times;
  auto context = Read();
  if (!context.ok()) {
    return LogWarning("the certificate has changed and cannot be used; the old one goes on",
                      {{"error", context.status().message()}});
  }
  context_ = *std::move(context);
  LogInfo("the certificate has changed and was read again", {{"file", files_.certificate}});
}

// What cannot be asked for its time has the earliest one.
HttpTlsIdentity::Times HttpTlsIdentity::ChangeTimes() const {
  std::error_code ignored;
  return {std::filesystem::last_write_time(files_.certificate, ignored),
          std::filesystem::last_write_time(files_.key, ignored)};
}

absl::StatusOr<std::shared_ptr<ssl::context>> HttpTlsIdentity::Read() const {
  ASSIGN_OR_RETURN(const std::string certificate, ReadNamed(kCertificateFlag, files_.certificate));
  ASSIGN_OR_RETURN(const std::string key, ReadNamed(kKeyFlag, files_.key));
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  SetLimits(context->native_handle());
  // Or OpenSSL would ask for passwords on the terminal.
  error_code ignored;
  context->set_password_callback(
      [](size_t, ssl::context::password_purpose) { return std::string(); }, ignored);
  RETURN_IF_ERROR(UseCertificate(files_.certificate, certificate, context.get()));
  RETURN_IF_ERROR(UseKey(files_, key, context.get()));
  return context;
}

}  // namespace ropewalk
