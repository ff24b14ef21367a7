#include "worker/agent/check_command.h"

#include <memory>

#include "services/common/status_macros.h"
#include "worker/data/jsonl.h"
#include "worker/model/model_folder.h"
#include "worker/tokenizer/tokenizer.h"

namespace ropewalk {

absl::Status RunCheck(const CheckOptions& options) {
  if (!options.base.empty()) {
    RETURN_IF_ERROR(ModelFolder::Open(options.base).status());
    RETURN_IF_ERROR(Tokenizer::Load(options.base).status());
  }
  std::vector<Row> rows;
  for (const std::string& file : options.data) RETURN_IF_ERROR(ReadJsonl(file, &rows));
  return absl::OkStatus();
}

}  // namespace ropewalk
