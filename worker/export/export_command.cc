#include "worker/export/export_command.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "services/common/files.h"
#include "services/common/status_macros.h"
#include "worker/export/gguf_adapter.h"
#include "worker/export/merged_model.h"

namespace ropewalk {
namespace {

absl::Status WriteMerged(const ExportOptions& options, const ModelFolder& base,
                         const LoraAdapter& adapter) {
  RETURN_IF_ERROR(MakeFolders(options.to));
  const FileSink write = [&](const std::string& path, absl::string_view bytes) {
    return WriteFileAtomically(absl::StrCat(options.to, "/", path), bytes);
  };
  return WriteMergedModel(options.base, base, adapter, kMaxShardBytes, write);
}

}  // namespace

absl::Status RunExport(const ExportOptions& options) {
  if (options.as != "merged" && options.as != "gguf") {
    return absl::InvalidArgumentError(
        absl::StrCat("--as: '", options.as, "' was given; allowed is merged or gguf"));
  }
  std::error_code ignored;
  if (std::filesystem::exists(options.to, ignored)) {
    return absl::AlreadyExistsError(absl::StrCat(options.to, " is there already"));
  }
  ASSIGN_OR_RETURN(const ModelFolder base, ModelFolder::Open(options.base));
  ASSIGN_OR_RETURN(const LoraAdapter adapter, ReadPeftFolder(options.adapter, base.config()));
  if (options.as == "merged") return WriteMerged(options, base, adapter);
  ASSIGN_OR_RETURN(const std::string bytes, GgufAdapter(base.config(), adapter));
  return WriteFileAtomically(options.to, bytes);
}

}  // namespace ropewalk
