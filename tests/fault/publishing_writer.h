#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "services/common/registry_client.h"
#include "tests/fault/acknowledged.h"
#include "tests/fault/registry_writer.h"

namespace ropewalk {

// Publishes over gRPC: small versions and large ones, some with a file that others have, too; moves
// and deletes tags, deletes versions, and asks for collections.
class PublishingWriter final : public RegistryWriter {
 public:
  // `site` outlives the writer.
  PublishingWriter(CrashSite* site, std::string repository, uint64_t seed);

  void Step() override;
  absl::Status Check() override;

 private:
  std::vector<SourceFile> RandomFiles();
  void Publish();
  void MoveTag();
  void DeleteTag();
  void DeleteVersion();
  void Collect();
  void Handle(absl::string_view call, const absl::Status& status);
  uint64_t Draw(uint64_t count) { return random_() % count; }
  std::string RandomVersion();  // That must be there; empty if there is none.
  std::string RandomTag() { return std::string(1, static_cast<char>('a' + Draw(3))); }

  CrashSite* const site_;
  const std::string repository_;
  std::mt19937_64 random_;
  std::unique_ptr<RegistryClient> client_;
  Acknowledged acknowledged_;
  std::vector<SourceFile> files_;  // Of a version that was tried and not acknowledged.
};

}  // namespace ropewalk
