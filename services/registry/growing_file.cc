#include "services/registry/growing_file.h"

#include <utility>

#include "services/common/output_file.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

class DiskFile final : public GrowingFile {
 public:
  explicit DiskFile(OutputFile file) : file_(std::move(file)) {}

  absl::Status Append(absl::string_view bytes) override { return file_.Append(bytes); }
  absl::Status Sync() override { return file_.Sync(); }

 private:
  OutputFile file_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<GrowingFile>> OpenGrowingFileOnDisk(const std::string& path,
                                                                   bool fresh) {
  ASSIGN_OR_RETURN(OutputFile file,
                   fresh ? OutputFile::OpenEmpty(path) : OutputFile::OpenToAppend(path));
  return std::make_unique<DiskFile>(std::move(file));
}

}  // namespace ropewalk
