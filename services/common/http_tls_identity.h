#pragma once

#include <boost/asio/ssl/context.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/clock.h"
#include "services/common/mutex.h"

namespace ropewalk {

// What a server that speaks TLS is named by, in PEM.
struct HttpTlsFiles {
  std::string certificate;  // Those of the authorities between it and a root may follow it.
  std::string key;          // Without a password.
};

// The certificate and the key that an HTTP server shows. Thread-safe.
class HttpTlsIdentity {
 public:
  // `clock` is not owned and outlives this.
  // INVALID_ARGUMENT: a file is not named, cannot be read or is not PEM, or the key is another
  // certificate's. The message names the flag that would mend it.
  static absl::StatusOr<std::unique_ptr<HttpTlsIdentity>> Open(const HttpTlsFiles& files,
                                                               const Clock* clock);

  // What a new connection speaks with: TLS 1.2 or newer. If a minute has passed and the files have
  // changed, they are read again; when they are bad now, the old ones go on, which is logged.
  std::shared_ptr<boost::asio::ssl::context> Context();

 private:
  using Times = std::pair<std::filesystem::file_time_type, std::filesystem::file_time_type>;

  HttpTlsIdentity(const HttpTlsFiles& files, const Clock* clock);

  Times ChangeTimes() const;
  absl::StatusOr<std::shared_ptr<boost::asio::ssl::context>> Read() const;
  void ReadAgain() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const HttpTlsFiles files_;
  const Clock* const clock_;
  Mutex mutex_;
  std::shared_ptr<boost::asio::ssl::context> context_ ABSL_GUARDED_BY(mutex_);
  Times times_ ABSL_GUARDED_BY(mutex_);  // Of the files as they were last read.
  absl::Duration next_look_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace ropewalk
