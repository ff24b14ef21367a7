#include "services/client/job_text.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "services/client/human.h"
#include "services/client/job_yaml.h"
#include "services/client/progress_line.h"
#include "services/client/registry_reference.h"

namespace ropewalk {
namespace {

std::string Steps(const v1::JobProgress& progress) {
  if (progress.total_steps() == 0) return "";
  return absl::StrCat(progress.step(), "/", progress.total_steps());
}

std::string Loss(const v1::JobProgress& progress) {
  return progress.step() == 0 ? "" : absl::StrFormat("%.4f", progress.loss());
}

std::string Speed(const v1::JobProgress& progress) {
  return progress.tokens_per_second() == 0 ? "" : HumanCount(progress.tokens_per_second());
}

std::string TimeLeft(const v1::JobProgress& progress) {
  if (!progress.has_estimated_time_left()) return "";
  return HumanDuration(ToDuration(progress.estimated_time_left()));
}

// "adapters/demo/dates@3f2a91..."
std::string ShortName(const std::string& version_name) {
  if (version_name.empty()) return "";
  return absl::StrCat(RepositoryOf(version_name), "@", ShortVersion(version_name));
}

std::string EvaluationText(const v1::Evaluation& evaluation) {
  const std::string text =
      absl::StrFormat("loss %.4f after step %d", evaluation.loss(), evaluation.step());
  if (evaluation.exact_match_rows() == 0) return text;
  return absl::StrFormat("%s, %d of %d rows match exactly", text, evaluation.exact_matches(),
                         evaluation.exact_match_rows());
}

// Lines "Name:  value" under one another; empty values are left out.
class Facts {
 public:
  void Add(const std::string& name, const std::string& value) {
    if (!value.empty()) absl::StrAppendFormat(&text_, "%-12s %s\n", name + ":", value);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string Indented(const std::string& text) {
  std::string indented;
  for (const char c : text) {
    if (indented.empty() || indented.back() == '\n') indented += "  ";
    indented.push_back(c);
  }
  return indented;
}

}  // namespace

Table JobTable(const std::vector<v1::Job>& jobs, bool wide, absl::Time now) {
  std::vector<std::string> headings = {"NAME",    "STATE",   "STEP", "LOSS",
                                       "WORKERS", "ADAPTER", "AGE"};
  if (wide) headings.insert(headings.end(), {"TOKENS/S", "LEFT", "BASE", "RESULT"});
  Table table(headings);
  for (const v1::Job& job : jobs) {
    const v1::JobProgress& progress = job.progress();
    std::vector<std::string> row = {LastPart(job.name()),
                                    StateText(job.state()),
                                    Steps(progress),
                                    Loss(progress),
                                    absl::StrCat(job.workers_size()),
                                    job.spec().adapter(),
                                    Age(job.create_time(), now)};
    if (wide) {
      row.insert(row.end(), {Speed(progress), TimeLeft(progress), job.spec().base_model(),
                             ShortName(job.result_version())});
    }
    table.AddRow(row);
  }
  return table;
}

std::string DescribeJob(const v1::Job& job, absl::Time now) {
  const v1::JobProgress& progress = job.progress();
  Facts facts;
  facts.Add("Name", job.name());
  facts.Add("State", StateText(job.state()));
  facts.Add("Error", job.error().message());
  facts.Add("Step", Steps(progress));
  facts.Add("Loss", Loss(progress));
  facts.Add("Tokens/s", Speed(progress));
  facts.Add("Time left", TimeLeft(progress));
  if (progress.has_evaluation()) facts.Add("Evaluation", EvaluationText(progress.evaluation()));
  facts.Add("Workers", absl::StrJoin(job.workers(), ", "));
  facts.Add("Generation", absl::StrCat(job.generation()));
  facts.Add("Age", Age(job.create_time(), now));
  facts.Add("Base", ShortName(job.inputs().base_model()));
  facts.Add("Result", job.result_version());
  facts.Add("Checkpoint", ShortName(job.checkpoint_version()));
  return absl::StrCat(facts.text(), "Spec:\n", Indented(WriteJobYaml(job.spec())));
}

}  // namespace ropewalk
