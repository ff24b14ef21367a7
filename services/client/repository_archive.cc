#include "services/client/repository_archive.h"

#include <google/protobuf/util/json_util.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "services/client/registry_reference.h"
#include "services/client/tar_file.h"
#include "services/client/version_cache.h"
#include "services/common/files.h"
#include "services/common/manifest.h"
#include "services/common/resource_name.h"
#include "services/common/sha256.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

constexpr char kIndex[] = "repository.json";
constexpr char kBlobs[] = "blobs/sha256/";
constexpr int64_t kMostIndexBytes = 256 << 20;

struct Index {
  v1::Repository repository;
  std::vector<v1::Version> versions;  // the oldest first
};

absl::StatusOr<v1::Repository> FindRepository(RegistryClient* registry, const std::string& name) {
  v1::ListRepositoriesRequest request;
  request.set_kind(name.substr(0, name.find('/')));
  do {
    ASSIGN_OR_RETURN(const auto page, registry->ListRepositories(request));
    for (const v1::Repository& repository : page.repositories()) {
      if (repository.name() == name) return repository;
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return absl::NotFoundError(absl::StrCat("there is no repository ", name));
}

absl::StatusOr<Index> ReadIndex(RegistryClient* registry, const std::string& name) {
  Index index;
  ASSIGN_OR_RETURN(index.repository, FindRepository(registry, name));
  v1::ListVersionsRequest request;
  request.set_parent(name);
  do {
    ASSIGN_OR_RETURN(const auto page, registry->ListVersions(request));
    index.versions.insert(index.versions.end(), page.versions().begin(), page.versions().end());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  std::reverse(index.versions.begin(), index.versions.end());
  return index;
}

nlohmann::json ToJson(const google::protobuf::Message& message) {
  std::string text;
  // A message of plain fields always has a JSON form.
  (void)google::protobuf::util::MessageToJsonString(message, &text);
  return nlohmann::json::parse(text);
}

std::string FormatIndex(const Index& index) {
  nlohmann::json json{{"repository", ToJson(index.repository)},
                      {"versions", nlohmann::json::array()}};
  for (const v1::Version& version : index.versions) json["versions"].push_back(ToJson(version));
  return json.dump(1);
}

absl::Status BadIndex(absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(kIndex, ": ", why));
}

template <typename Message>
absl::StatusOr<Message> FromJson(const nlohmann::json& json) {
  Message message;
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  const auto status = google::protobuf::util::JsonStringToMessage(json.dump(), &message, options);
  if (status.ok()) return message;
  return BadIndex(std::string(status.message()));
}

absl::StatusOr<Index> ParseIndex(const std::string& text) {
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  const bool good = json.is_object() && json.contains("repository") && json.contains("versions") &&
                    json["versions"].is_array();
  if (!good) return BadIndex("it has no repository and versions");
  Index index;
  ASSIGN_OR_RETURN(index.repository, FromJson<v1::Repository>(json["repository"]));
  RETURN_IF_ERROR(ValidateRepositoryName(index.repository.name()));
  for (const nlohmann::json& version : json["versions"]) {
    ASSIGN_OR_RETURN(index.versions.emplace_back(), FromJson<v1::Version>(version));
    RETURN_IF_ERROR(ValidateManifest(index.versions.back().files()));
  }
  return index;
}

absl::Status AddBlobs(RegistryClient* registry, const v1::Version& version,
                      std::set<std::string>* added, TarWriter* tar) {
  ASSIGN_OR_RETURN(const std::string folder, FetchToCache(registry, version));
  for (const v1::File& file : version.files()) {
    if (!added->insert(file.digest()).second) continue;
    RETURN_IF_ERROR(tar->AddFile(kBlobs + file.digest(), absl::StrCat(folder, "/", file.path())));
  }
  return absl::OkStatus();
}

absl::Status Write(RegistryClient* registry, const Index& index, const std::string& path,
                   const std::function<void(const std::string&)>& say) {
  ASSIGN_OR_RETURN(TarWriter tar, TarWriter::Create(path));
  RETURN_IF_ERROR(tar.AddText(kIndex, FormatIndex(index)));
  std::set<std::string> added;
  for (const v1::Version& version : index.versions) {
    RETURN_IF_ERROR(AddBlobs(registry, version, &added, &tar));
    say(version.name());
  }
  return tar.Finish();
}

// A folder beside the cache that goes when this does.
class TemporaryFolder {
 public:
  static absl::StatusOr<TemporaryFolder> Make() {
    std::string pattern = (std::filesystem::temp_directory_path() / "ropewalk-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) {
      return FileError(errno, absl::StrCat("cannot make ", pattern));
    }
    return TemporaryFolder(pattern);
  }
  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, "")) {}
  ~TemporaryFolder() {
    if (!path_.empty()) RemoveAll(path_).IgnoreError();
  }

  std::string path(const std::string& digest) const { return absl::StrCat(path_, "/", digest); }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

absl::Status ExtractBlobs(TarReader* tar, const TemporaryFolder& folder) {
  while (true) {
    ASSIGN_OR_RETURN(const bool found, tar->Next());
    if (!found) return absl::OkStatus();
    absl::string_view digest = tar->name();
    if (!absl::ConsumePrefix(&digest, kBlobs) || !IsSha256Hex(digest)) {
      return absl::InvalidArgumentError(
          absl::StrCat("the archive holds '", tar->name(), "', which is none of its files"));
    }
    RETURN_IF_ERROR(tar->Extract(folder.path(std::string(digest))));
  }
}

absl::Status Publish(RegistryClient* registry, const v1::Version& version,
                     const std::string& repository, const TemporaryFolder& folder) {
  std::vector<SourceFile> files;
  for (const v1::File& file : version.files()) {
    files.push_back(SourceFile::OnDisk(file.path(), folder.path(file.digest())));
  }
  ASSIGN_OR_RETURN(const v1::Version published,
                   registry->Publish(repository, files, version.lineage(), {}));
  const auto id = [](const std::string& name) { return name.substr(name.rfind('/') + 1); };
  if (id(published.name()) == id(version.name())) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the archive is damaged: the files of ", version.name(), " are others"));
}

absl::Status SetTags(RegistryClient* registry, const Index& index, const std::string& repository) {
  for (const v1::Tag& tag : index.repository.tags()) {
    v1::SetTagRequest request;
    request.set_name(TagName(repository, tag.name().substr(tag.name().rfind('/') + 1)));
    request.set_version(
        VersionName(repository, tag.version().substr(tag.version().rfind('/') + 1)));
    request.set_protected_(tag.protected_());
    request.set_immutable(tag.immutable());
    RETURN_IF_ERROR(registry->SetTag(request).status());
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status SaveRepository(RegistryClient* registry, const std::string& repository,
                            const std::string& path,
                            const std::function<void(const std::string&)>& say) {
  std::error_code error;
  if (std::filesystem::exists(path, error)) {
    return absl::AlreadyExistsError(absl::StrCat(path, " is there; name another file"));
  }
  ASSIGN_OR_RETURN(const Index index, ReadIndex(registry, repository));
  const std::string growing = absl::StrCat(path, ".part-", getpid());
  absl::Status status = Write(registry, index, growing, say);
  if (status.ok() && std::rename(growing.c_str(), path.c_str()) != 0) {
    status = FileError(errno, absl::StrCat("cannot make ", path));
  }
  if (!status.ok()) unlink(growing.c_str());
  return status;
}

absl::StatusOr<std::string> LoadRepository(RegistryClient* registry, const std::string& path,
                                           const std::string& repository,
                                           const std::function<void(const std::string&)>& say) {
  ASSIGN_OR_RETURN(TarReader tar, TarReader::Open(path));
  ASSIGN_OR_RETURN(const bool found, tar.Next());
  if (!found || tar.name() != kIndex)
    return BadIndex(absl::StrCat(path, " does not begin with it"));
  ASSIGN_OR_RETURN(const std::string text, tar.ReadText(kMostIndexBytes));
  ASSIGN_OR_RETURN(const Index index, ParseIndex(text));
  const std::string name = repository.empty() ? index.repository.name() : repository;
  ASSIGN_OR_RETURN(const TemporaryFolder folder, TemporaryFolder::Make());
  RETURN_IF_ERROR(ExtractBlobs(&tar, folder));
  for (const v1::Version& version : index.versions) {
    RETURN_IF_ERROR(Publish(registry, version, name, folder));
    say(version.name());
  }
  RETURN_IF_ERROR(SetTags(registry, index, name));
  return name;
}

}  // namespace ropewalk
