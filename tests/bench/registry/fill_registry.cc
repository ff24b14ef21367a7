// Fills a registry's folder with many repositories of some versions each, through the registry's
// own code, as fast as one caller can: every version is a durable transaction, and every blob a
// synced file. On a disk that takes long to sync, fill a folder in memory and copy it.
//
// The versions of a repository lie far apart: each round gives all repositories, in another order,
// one version more. Between two versions ten seconds pass, ending now.

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/common/clock.h"
#include "services/common/files.h"
#include "services/common/sha256.h"
#include "services/common/status_macros.h"
#include "services/registry/file_blob_store.h"
#include "services/registry/registry.h"
#include "services/registry/sqlite_metadata_store.h"
#include "tests/bench/registry/generated_repository.h"
#include "tests/testing/fake_clock.h"

namespace ropewalk {
namespace {

constexpr absl::Duration kStep = absl::Seconds(10);

struct Options {
  std::string data;
  std::string ids_file;
  int64_t repositories = 100'000;
  int versions = 3;
};

absl::Status Upload(Registry* registry, const std::string& digest, const std::string& bytes) {
  v1::UploadBlobRequest first;
  first.set_digest(digest);
  first.set_size_bytes(bytes.size());
  ASSIGN_OR_RETURN(const auto upload, registry->BeginUpload(first));
  if (upload == nullptr) return absl::OkStatus();  // It is there.
  RETURN_IF_ERROR(upload->Append(bytes));
  return upload->Finish();
}

absl::Status AddFile(Registry* registry, const std::string& path, const std::string& bytes,
                     v1::CreateVersionRequest* request) {
  v1::File* file = request->add_files();
  file->set_path(path);
  file->set_digest(Sha256Hex(bytes));
  file->set_size_bytes(bytes.size());
  return Upload(registry, file->digest(), bytes);
}

// All files but the weights are those of the version before.
absl::Status Publish(Registry* registry, const GeneratedRepository& repository, int version) {
  const bool is_adapter = repository.is_adapter;
  v1::CreateVersionRequest request;
  request.set_repository(repository.name);
  request.add_tags(absl::StrCat("v", version));
  RETURN_IF_ERROR(AddFile(registry, "README.md", repository.card, &request));
  RETURN_IF_ERROR(AddFile(registry, is_adapter ? "adapter_config.json" : "config.json",
                          repository.config, &request));
  RETURN_IF_ERROR(AddFile(registry, is_adapter ? "adapter_model.safetensors" : "model.safetensors",
                          GeneratedWeights(version), &request));
  return registry->CreateVersion(request).status();
}

// A line each, as the Hub's clients call them.
absl::Status WriteIds(const Options& options) {
  if (options.ids_file.empty()) return absl::OkStatus();
  std::ofstream file(options.ids_file);
  for (int64_t index = 0; index < options.repositories; ++index) {
    const std::string name = GeneratedRepository(index).name;
    file << name.substr(name.find('/') + 1) << '\n';
  }
  file.close();
  if (file) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("cannot write ", options.ids_file));
}

absl::Status Fill(const Options& options) {
  RETURN_IF_ERROR(MakeFolders(options.data));
  ASSIGN_OR_RETURN(const auto metadata,
                   SqliteMetadataStore::Open(absl::StrCat(options.data, "/registry.db")));
  ASSIGN_OR_RETURN(const auto blobs, FileBlobStore::Open(options.data, Clock::Real()));
  FakeClock clock(absl::Now() - kStep * options.repositories * options.versions);
  Registry registry(blobs.get(), metadata.get(), &clock, /*grace=*/absl::Hours(1));
  const auto begin = std::chrono::steady_clock::now();
  for (int version = 1; version <= options.versions; ++version) {
    for (int64_t i = 0; i < options.repositories; ++i) {
      const int64_t index = Shuffled(i, options.repositories, version);
      RETURN_IF_ERROR(Publish(&registry, GeneratedRepository(index), version));
      clock.Advance(kStep);
    }
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin;
    std::printf("version %d of %ld repositories: %.1f s\n", version,
                static_cast<long>(options.repositories), passed.count());
    std::fflush(stdout);
  }
  return WriteIds(options);
}

}  // namespace
}  // namespace ropewalk

int main(int argc, char** argv) {
  ropewalk::Options options;
  CLI::App app("Fills a registry's folder with repositories, for benchmarks.", "fill_registry");
  app.add_option("--data", options.data, "The folder; empty or not there yet")->required();
  app.add_option("--ids", options.ids_file, "File for the repositories' ids on the Hub");
  app.add_option("--repositories", options.repositories)
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  app.add_option("--versions", options.versions, "Of each repository")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  const absl::Status status = ropewalk::Fill(options);
  if (status.ok()) return 0;
  std::fprintf(stderr, "fill_registry: %s\n", std::string(status.message()).c_str());
  return 1;
}
