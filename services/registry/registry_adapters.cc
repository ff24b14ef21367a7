#include <algorithm>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "services/registry/adapter_check.h"
#include "services/registry/json_text.h"
#include "services/registry/registry.h"

// Registry: whether an adapter could be loaded.

namespace ropewalk {
namespace {

constexpr int64_t kMostConfigBytes = 1 << 20;
// AdaLoRA writes down each rank of each module.
constexpr size_t kMostConfigValues = 100'000;
// Of a base model; the largest that are published have 20 MiB.
constexpr int64_t kMostBaseHeaderBytes = 32 << 20;

using Files = google::protobuf::RepeatedPtrField<v1::File>;

const v1::File* Find(const Files& files, absl::string_view path) {
  const auto found = std::find_if(files.begin(), files.end(),
                                  [&](const v1::File& file) { return file.path() == path; });
  return found == files.end() ? nullptr : &*found;
}

absl::Status WrongConfig(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("adapter_config.json: ", what));
}

bool IsWeights(const v1::File& file) {
  return absl::EndsWith(file.path(), ".safetensors") && !absl::StrContains(file.path(), "/");
}

int64_t FirstBytes(const v1::File& file) { return std::min(file.size_bytes(), kHeaderLengthBytes); }

}  // namespace

absl::StatusOr<std::string> Registry::ReadStretch(const std::string& digest, int64_t offset,
                                                  int64_t length) {
  std::string bytes;
  if (length == 0) return bytes;
  bytes.reserve(length);
  ASSIGN_OR_RETURN(const std::unique_ptr<BlobReader> reader, blobs_->Read(digest, offset, length));
  while (true) {
    ASSIGN_OR_RETURN(const std::string piece, reader->Next());
    if (piece.empty()) return bytes;
    absl::StrAppend(&bytes, piece);
  }
}

absl::StatusOr<TensorsByName> Registry::ReadTensors(const v1::File& file) {
  const int64_t size = file.size_bytes();
  ASSIGN_OR_RETURN(const std::string first, ReadStretch(file.digest(), 0, FirstBytes(file)));
  ASSIGN_OR_RETURN(const int64_t length, ParseHeaderLength(first, size));
  ASSIGN_OR_RETURN(const std::string header,
                   ReadStretch(file.digest(), kHeaderLengthBytes, length));
  return ParseSafetensorsHeader(header, size);
}

// Of a base that only the adapter's configuration names, the shapes are told in errors: it must be
// one that everybody may see, or the adapter's neighbour.
absl::StatusOr<std::optional<v1::Version>> Registry::FindBase(
    const v1::CreateVersionRequest& request, const nlohmann::json& config) {
  std::string name = request.lineage().base_model();
  if (name.empty()) {
    const auto found = config.find("base_model_name_or_path");
    if (found == config.end() || !found->is_string()) return std::nullopt;
    name = absl::StrCat("models/", found->get<std::string>());
    if (!ValidateRepositoryName(name).ok()) return std::nullopt;
    const absl::StatusOr<v1::Repository> base = metadata_->GetRepository(name);
    if (absl::IsNotFound(base.status())) return std::nullopt;
    RETURN_IF_ERROR(base.status());
    const bool neighbour = NamespaceOf(name) == NamespaceOf(request.repository());
    if (!neighbour && base->visibility() != v1::VISIBILITY_PUBLIC) return std::nullopt;
  }
  const absl::StatusOr<v1::Version> base = ResolveName(name);
  if (absl::IsNotFound(base.status())) return std::nullopt;
  RETURN_IF_ERROR(base.status());
  return *base;
}

// What cannot be read of a base, or is too much, says nothing against the adapter.
absl::StatusOr<TensorsByName> Registry::ReadBaseTensors(const v1::Version& base) {
  TensorsByName all;
  int64_t header_bytes = 0;
  for (const v1::File& file : base.files()) {
    if (!IsWeights(file)) continue;
    ASSIGN_OR_RETURN(const std::string first, ReadStretch(file.digest(), 0, FirstBytes(file)));
    const absl::StatusOr<int64_t> length = ParseHeaderLength(first, file.size_bytes());
    if (!length.ok()) return TensorsByName();
    header_bytes += kHeaderLengthBytes + *length;
    if (header_bytes > kMostBaseHeaderBytes) return TensorsByName();
    absl::StatusOr<TensorsByName> tensors = ReadTensors(file);
    if (absl::IsInvalidArgument(tensors.status())) return TensorsByName();
    RETURN_IF_ERROR(tensors.status());
    all.merge(*tensors);
  }
  return all;
}

absl::Status Registry::CheckAdapter(const v1::CreateVersionRequest& request) {
  const v1::File* const config_file = Find(request.files(), "adapter_config.json");
  if (config_file == nullptr) return absl::OkStatus();
  if (config_file->size_bytes() > kMostConfigBytes) {
    return WrongConfig(absl::StrCat("it has ", config_file->size_bytes(), " bytes; at most ",
                                    kMostConfigBytes, " are possible"));
  }
  ASSIGN_OR_RETURN(const std::string text, ReadSmallBlob(config_file->digest()));
  const absl::StatusOr<nlohmann::json> parsed = ParseLimitedJson(text, kMostConfigValues);
  if (!parsed.ok()) return WrongConfig(parsed.status().message());
  const nlohmann::json& config = *parsed;
  RETURN_IF_ERROR(CheckAdapterConfig(config));
  const v1::File* const weights = Find(request.files(), "adapter_model.safetensors");
  if (weights == nullptr) return absl::OkStatus();  // They may come with the next commit.
  const absl::StatusOr<TensorsByName> tensors = ReadTensors(*weights);
  if (!tensors.ok()) {
    return absl::Status(tensors.status().code(),
                        absl::StrCat(weights->path(), ": ", tensors.status().message()));
  }
  RETURN_IF_ERROR(CheckAdapterTensors(config, *tensors));
  ASSIGN_OR_RETURN(const std::optional<v1::Version> base, FindBase(request, config));
  if (!base.has_value()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const TensorsByName base_tensors, ReadBaseTensors(*base));
  if (base_tensors.empty()) return absl::OkStatus();
  return CheckAdapterFits(config, *tensors, base_tensors, base->name());
}

}  // namespace ropewalk
