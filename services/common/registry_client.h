#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "ropewalk/v1/access_service.pb.h"
#include "ropewalk/v1/registry_service.pb.h"

namespace ropewalk {

// A file to publish: where it goes in the version, and its bytes, in a local file or in memory.
struct SourceFile {
  static SourceFile OnDisk(std::string path, std::string local_path);
  static SourceFile InMemory(std::string path, std::string bytes);

  std::string path;
  std::string local_path;  // Empty: `bytes` holds the contents.
  std::string bytes;
};

// All files below a local folder, ready to publish. NOT_FOUND: there is no such folder.
absl::StatusOr<std::vector<SourceFile>> SourceFilesBelow(const std::string& folder);

// The path → bytes of a folder that was made in memory.
std::vector<SourceFile> SourceFilesInMemory(std::map<std::string, std::string> files);

// Talks to one registry; blocking. Errors are the service's own (registry_service.proto), and:
// UNAVAILABLE: the registry cannot be reached. DEADLINE_EXCEEDED: nothing moved for
// `stall_timeout`. CANCELLED: Cancel was called. Thread-safe.
class RegistryClient {
 public:
  // Connects on first use. `stall_timeout` bounds every unary call and every pause of a stream.
  // `token`: for a registry that asks for one; by default that of the environment.
  static std::unique_ptr<RegistryClient> Connect(const std::string& address,
                                                 absl::Duration stall_timeout = absl::Seconds(30),
                                                 const std::string& token = TokenFromEnvironment());

  // The value of ROPEWALK_TOKEN, or empty.
  static std::string TokenFromEnvironment();
  ~RegistryClient();

  // `name` is a version, a tag or a repository (its tag `latest`).
  absl::StatusOr<v1::Version> GetVersion(const std::string& name,
                                         const std::string& expected_base_digest = "");

  // Uploads what the registry lacks, going on where a broken upload stopped, and publishes.
  // Publishing the same files again is cheap and gives the same version.
  absl::StatusOr<v1::Version> Publish(const std::string& repository,
                                      const std::vector<SourceFile>& files,
                                      const v1::Lineage& lineage,
                                      const std::vector<std::string>& tags);

  // Downloads a version's files below `folder`, which appears whole and verified, or not at all.
  // Succeeds at once if all files are there with their sizes. A broken download goes on where it
  // stopped.
  // ALREADY_EXISTS: the folder is there and holds something else. DATA_LOSS: a file's bytes do not
  // have its digest.
  absl::Status FetchVersion(const v1::Version& version, const std::string& folder);

  absl::StatusOr<v1::ListVersionsResponse> ListVersions(const v1::ListVersionsRequest& request);
  absl::StatusOr<v1::ListRepositoriesResponse> ListRepositories(
      const v1::ListRepositoriesRequest& request);
  absl::Status DeleteVersion(const std::string& name);
  absl::StatusOr<v1::Tag> SetTag(const v1::SetTagRequest& request);
  absl::Status DeleteTag(const std::string& name);
  absl::StatusOr<v1::Repository> SetVisibility(const std::string& name, v1::Visibility visibility);
  absl::StatusOr<v1::CollectGarbageResponse> CollectGarbage(bool dry_run);

  // Of access_service.proto.
  absl::StatusOr<v1::CreateTokenResponse> CreateToken(const v1::CreateTokenRequest& request);
  absl::StatusOr<v1::ListTokensResponse> ListTokens();
  absl::Status DeleteToken(const std::string& name);

  // Ends the calls that run, from any thread, and all later ones: CANCELLED.
  void Cancel();

 private:
  struct State;
  explicit RegistryClient(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace ropewalk
