#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ropewalk/v1/registry_service.pb.h"
#include "tests/fault/acknowledged.h"
#include "tests/fault/hub_request.h"
#include "tests/fault/registry_writer.h"

namespace ropewalk {

// Commits as the Hub's clients do: files within the commit and by LFS, deletions, tags, and whole
// repositories made and deleted.
class CommittingWriter final : public RegistryWriter {
 public:
  // `site` outlives the writer. Its repositories are "{prefix}-0", "{prefix}-1", ...
  CommittingWriter(CrashSite* site, std::string prefix, uint64_t seed);

  void Step() override;
  absl::Status Check() override;

 private:
  using Tree = std::map<std::string, v1::File>;  // By path.

  // A commit on its way.
  struct Change {
    std::string body;
    Tree after;
    std::vector<std::string> digests;  // Of what is new.
  };

  void CreateRepository();
  void DeleteRepository();
  void Look();
  bool Settle(const std::string& sha, std::vector<Tree> trees);
  void CommitInline();
  void CommitLarge();
  bool UploadLarge(const std::string& bytes, const std::string& digest);
  void Commit(const Change& change);
  void AddTag();
  void DeleteTag();

  // The answer if its status is one of `good`; else the failure, which is also handed to the site.
  absl::StatusOr<HubAnswer> Ask(const std::string& method, const std::string& target,
                                const std::string& body, const std::vector<int>& good);
  absl::StatusOr<std::string> Head();
  absl::Status CheckFile(const v1::File& file);
  std::string Id() const;
  std::string Api(const std::string& rest) const;
  uint64_t Draw(uint64_t count) { return random_() % count; }

  CrashSite* const site_;
  const std::string prefix_;
  std::mt19937_64 random_;
  int repository_ = 0;  // Its number.
  bool created_ = false;
  bool deleting_ = false;
  int commits_ = 0;
  // What the branch may be at; one, if it is known.
  std::vector<Tree> heads_{Tree()};
  std::vector<Tree> failed_;  // Commits that were seen not to have been made.
  Acknowledged acknowledged_;
};

}  // namespace ropewalk
