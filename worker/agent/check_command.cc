#include "worker/agent/check_command.h"

#include <vector>

#include "services/common/status_macros.h"
#include "worker/agent/local_job.h"
#include "worker/data/jsonl.h"
#include "worker/model/model_folder.h"
#include "worker/train/data_options.h"

namespace ropewalk {
namespace {

absl::Status CheckForm(const TrainingFiles& files) {
  std::vector<Row> rows;
  for (const std::string& file : files.train_files) RETURN_IF_ERROR(ReadJsonl(file, &rows));
  for (const std::string& file : files.eval_files) RETURN_IF_ERROR(ReadJsonl(file, &rows));
  return absl::OkStatus();
}

void Print(const Dataset& data, std::ostream& out) {
  for (const FileReport& report : data.reports()) out << report.ToString() << "\n";
}

}  // namespace

absl::Status RunCheck(const CheckOptions& options, std::ostream& out) {
  ASSIGN_OR_RETURN(const v1::JobSpec spec, ParseLocalJob(options.job));
  const TrainingFiles files = LocalFilesOf(spec);
  if (files.base_folder.empty()) return CheckForm(files);
  RETURN_IF_ERROR(ModelFolder::Open(files.base_folder).status());
  ASSIGN_OR_RETURN(const LoadedData data, LoadData(DataOptionsOf(spec, files)));
  Print(data.train, out);
  if (data.eval.has_value()) Print(*data.eval, out);
  return absl::OkStatus();
}

}  // namespace ropewalk
