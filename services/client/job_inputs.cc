#include "services/client/job_inputs.h"

#include <filesystem>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/client/human.h"
#include "services/client/local_files.h"
#include "services/client/registry_reference.h"
#include "services/common/registry_client.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

using Names = google::protobuf::RepeatedPtrField<std::string>;

class InputPublisher {
 public:
  InputPublisher(RegistryClient* registry, const std::function<void(const std::string&)>& say)
      : registry_(registry), say_(say) {}

  absl::StatusOr<std::string> Model(const v1::JobSpec& spec) {
    const std::string& name = spec.base_model();
    if (!IsLocal(name)) return FindModel(spec);
    ASSIGN_OR_RETURN(const std::vector<SourceFile> files, ModelFiles(name));
    return Publish("models", FolderName(name), name, files);
  }

  absl::Status Data(const Names& names, const std::string& field, Names* versions) {
    for (const std::string& name : names) {
      ASSIGN_OR_RETURN(*versions->Add(), Dataset(name, field));
    }
    return absl::OkStatus();
  }

 private:
  // Of "examples/tiny-base/" and "." alike.
  static std::string FolderName(const std::string& folder) {
    std::error_code error;
    const std::filesystem::path whole = std::filesystem::canonical(folder, error);
    return whole.filename().string();
  }

  absl::StatusOr<std::string> FindModel(const v1::JobSpec& spec) {
    ASSIGN_OR_RETURN(const v1::Version version, Find("models", spec.base_model(), "base_model"));
    std::vector<std::string> paths;
    for (const v1::File& file : version.files()) paths.push_back(file.path());
    RETURN_IF_ERROR(CheckModelFiles(paths, spec.base_model(), spec.method()));
    return version.name();
  }

  absl::StatusOr<std::string> Dataset(const std::string& name, const std::string& field) {
    if (!IsLocal(name)) {
      ASSIGN_OR_RETURN(const v1::Version version, Find("datasets", name, field));
      return version.name();
    }
    const std::filesystem::path path(name);
    const std::vector<SourceFile> files = {SourceFile::OnDisk(path.filename().string(), name)};
    return Publish("datasets", path.stem().string(), name, files);
  }

  absl::StatusOr<std::string> Publish(const std::string& kind, const std::string& name,
                                      const std::string& source,
                                      const std::vector<SourceFile>& files) {
    const std::string repository = absl::StrCat(kind, "/local/", AsNamePart(name));
    ASSIGN_OR_RETURN(const v1::Version version, registry_->Publish(repository, files, {}, {}));
    say_(absl::StrCat(source, " is ", repository, "@", ShortVersion(version.name()), " (",
                      HumanBytes(version.total_bytes()), ")"));
    return version.name();
  }

  absl::StatusOr<v1::Version> Find(const std::string& kind, const std::string& name,
                                   const std::string& field) {
    absl::StatusOr<v1::Version> version = FindVersion(registry_, name, {kind});
    if (!absl::IsNotFound(version.status())) return version;
    return absl::InvalidArgumentError(
        absl::StrCat(field, ": '", name,
                     "' is neither here (looked from the current folder) nor "
                     "among the registry's ",
                     kind));
  }

  RegistryClient* const registry_;
  const std::function<void(const std::string&)>& say_;
};

}  // namespace

absl::StatusOr<v1::JobInputs> PublishInputs(const v1::JobSpec& spec, RegistryClient* registry,
                                            const std::function<void(const std::string&)>& say) {
  InputPublisher publisher(registry, say);
  v1::JobInputs inputs;
  ASSIGN_OR_RETURN(*inputs.mutable_base_model(), publisher.Model(spec));
  RETURN_IF_ERROR(publisher.Data(spec.train_data(), "train_data", inputs.mutable_train_data()));
  RETURN_IF_ERROR(publisher.Data(spec.eval_data(), "eval_data", inputs.mutable_eval_data()));
  return inputs;
}

}  // namespace ropewalk
