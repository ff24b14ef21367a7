#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/common/clock.h"
#include "services/common/signing_key.h"
#include "services/registry/hub/hub_request.h"
#include "services/registry/hub/lfs_ticket.h"
#include "services/registry/registry.h"

namespace ropewalk {

struct LfsOptions {
  // Of the addresses that are given out: registries that share their stores share it.
  SigningKey key{SigningKey::RandomBytes()};
  // Files of more than 20 of these come in parts from clients that can, so that a connection that
  // breaks costs one part. More where there would be more than 1000 parts.
  int64_t part_bytes = 256 << 20;
};

// Large files, as git LFS has them
// (https://github.com/git-lfs/git-lfs/blob/main/docs/api/batch.md), with the Hub's "multipart".
//
// A part becomes a blob of its own, named by its ETag, and the parts are put together when the
// client has named them all. So it makes no difference which registry takes which part, or in which
// order; a part that came longer ago than the grace period may be gone. Thread-safe.
class LfsUploads {
 public:
  // Neither is owned; both outlive this.
  LfsUploads(Registry* registry, const Clock* clock, LfsOptions options)
      : registry_(registry), clock_(clock), options_(options), tickets_(options.key) {}

  // Where to send each of the objects that are not here.
  absl::StatusOr<HttpResponse> Batch(const HubRequest& asked, const nlohmann::json& body) const;

  // NOT_FOUND: the object has not come whole.
  absl::StatusOr<HttpResponse> Verify(const nlohmann::json& body) const;

  // At an address that Batch gave out: an object, or a part of one, or (POST) the list of all parts
  // of one. Null: another method.
  std::unique_ptr<HttpExchange> Begin(const HubRequest& asked) const;

 private:
  nlohmann::json ActionsOf(const HubRequest& asked, const std::string& oid, int64_t size,
                           bool in_parts) const;
  nlohmann::json PartsOf(const std::string& origin, const std::string& oid, int64_t size) const;
  int64_t PartBytes(int64_t size) const;
  int64_t CountParts(int64_t size) const;
  std::string Address(const std::string& origin, const std::string& path, int64_t size) const;
  std::unique_ptr<HttpExchange> BeginObject(const std::string& oid, int64_t size) const;
  std::unique_ptr<HttpExchange> BeginPart(int64_t size) const;
  std::unique_ptr<HttpExchange> BeginJoin(const std::string& oid, int64_t size) const;
  absl::Status Join(const std::string& oid, int64_t size, const nlohmann::json& body) const;
  absl::StatusOr<std::vector<std::string>> FindParts(int64_t size,
                                                     const nlohmann::json& body) const;
  absl::Status AppendBlob(const std::string& digest, BlobUpload* upload) const;

  Registry* const registry_;
  const Clock* const clock_;
  const LfsOptions options_;
  const LfsTickets tickets_;
};

}  // namespace ropewalk
