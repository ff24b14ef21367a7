#include "services/client/output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ropewalk/v1/job_service.pb.h"
#include "services/client/human.h"
#include "services/client/job_text.h"
#include "services/client/version_text.h"
#include "services/client/worker_text.h"

namespace ropewalk {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1000000);

v1::Job RunningJob() {
  v1::Job job;
  job.set_name("jobs/dates-1");
  job.mutable_spec()->set_adapter("demo/dates");
  job.mutable_spec()->set_base_model("examples/tiny-base");
  job.set_state(v1::JOB_STATE_RUNNING);
  job.mutable_progress()->set_step(50);
  job.mutable_progress()->set_total_steps(100);
  job.mutable_progress()->set_loss(1.25);
  job.mutable_progress()->set_tokens_per_second(12345);
  job.mutable_progress()->mutable_estimated_time_left()->set_seconds(90);
  job.add_workers("workers/worker-0");
  job.add_workers("workers/worker-1");
  job.mutable_create_time()->set_seconds(1000000 - 3 * 3600);
  return job;
}

TEST(Table, AlignsColumnsAndFillsEmptyCells) {
  Table table({"NAME", "X"});
  table.AddRow({"a-long-name", ""});
  table.AddRow({"b", "1"});
  EXPECT_EQ(table.Render(),
            "NAME          X\n"
            "a-long-name   -\n"
            "b             1\n");
}

TEST(JobText, ListsJobs) {
  EXPECT_EQ(JobTable({RunningJob()}, false, kNow).Render(),
            "NAME      STATE     STEP     LOSS     WORKERS   ADAPTER      AGE\n"
            "dates-1   running   50/100   1.2500   2         demo/dates   3h\n");
}

TEST(JobText, ListsMoreWhenWide) {
  EXPECT_EQ(JobTable({RunningJob()}, true, kNow).Render(),
            "NAME      STATE     STEP     LOSS     WORKERS   ADAPTER      AGE   TOKENS/S   LEFT    "
            "BASE                 RESULT\n"
            "dates-1   running   50/100   1.2500   2         demo/dates   3h    12.3k      1m30s   "
            "examples/tiny-base   -\n");
}

TEST(JobText, DescribesAFailedJob) {
  v1::Job job;
  job.set_name("jobs/dates-1");
  job.mutable_spec()->set_name("dates");
  job.set_state(v1::JOB_STATE_FAILED);
  job.mutable_error()->set_message("the disk is full");
  EXPECT_EQ(DescribeJob(job, kNow),
            "Name:        jobs/dates-1\n"
            "State:       failed\n"
            "Error:       the disk is full\n"
            "Generation:  0\n"
            "Spec:\n"
            "  name: dates\n"
            "  train_data: []\n"
            "  eval_data: []\n");
}

TEST(WorkerText, ListsWorkers) {
  v1::Worker worker;
  worker.set_name("workers/worker-0");
  worker.set_state(v1::Worker::BUSY);
  worker.set_job("jobs/dates-1");
  worker.set_rank(1);
  worker.mutable_last_report_time()->set_seconds(999999);
  EXPECT_EQ(WorkerTable({worker}, false, kNow).Render(),
            "NAME       STATE   JOB       RANK   TOKENS/S   SEEN\n"
            "worker-0   busy    dates-1   1      -          1s\n");
}

TEST(WorkerText, ShowsTheRingInWideLists) {
  v1::Worker worker;
  worker.set_name("workers/worker-0");
  worker.set_ring_successor("workers/worker-2");
  worker.set_ring_address("10.0.0.1:7090");
  worker.add_more_ring_addresses("10.1.0.1:7090");
  v1::Link& link = *worker.add_links();
  link.set_worker("workers/worker-2");
  link.set_bytes_per_second(117.25e6);
  link.set_round_trip_seconds(0.00021);
  const std::string text = WorkerTable({worker}, true, kNow).Render();
  EXPECT_THAT(text, testing::HasSubstr(
                        "worker-2   938.0 Mbit/s   0.21 ms      10.0.0.1:7090,10.1.0.1:7090"));
  link.mutable_error()->set_message("nobody answers");
  EXPECT_THAT(WorkerTable({worker}, true, kNow).Render(),
              testing::HasSubstr("worker-2   unreachable"));
}

v1::Version DatesVersion() {
  v1::Version version;
  version.set_name("adapters/demo/dates/versions/" + std::string(64, 'a'));
  v1::File* file = version.add_files();
  file->set_path("adapter_config.json");
  file->set_digest(std::string(64, 'b'));
  file->set_size_bytes(2048);
  version.mutable_lineage()->set_method("lora");
  (*version.mutable_lineage()->mutable_metrics())["eval_loss"] = 0.5;
  version.add_tags("latest");
  version.set_total_bytes(2048);
  return version;
}

TEST(VersionText, ListsVersions) {
  EXPECT_EQ(VersionTable({DatesVersion()}, false, kNow).Render(),
            "VERSION        TAGS     SIZE      METRICS         AGE\n"
            "aaaaaaaaaaaa   latest   2.0 KiB   eval_loss 0.5   -\n");
}

TEST(VersionText, DiffersByFilesAndLineage) {
  v1::Version other = DatesVersion();
  other.mutable_files(0)->set_digest(std::string(64, 'c'));
  other.add_files()->set_path("README.md");
  other.mutable_lineage()->set_method("full");
  EXPECT_EQ(DiffVersions(DatesVersion(), other),
            "~ adapter_config.json  2.0 KiB -> 2.0 KiB\n"
            "+ README.md\n"
            "method: lora -> full\n");
  EXPECT_EQ(DiffVersions(other, DatesVersion()),
            "- README.md\n"
            "~ adapter_config.json  2.0 KiB -> 2.0 KiB\n"
            "method: full -> lora\n");
  EXPECT_EQ(DiffVersions(other, other), "");
}

TEST(Output, WritesEveryFormat) {
  v1::JobProgress progress;
  progress.set_step(3);
  progress.mutable_evaluation()->set_loss(0.5);
  progress.mutable_estimated_time_left()->set_seconds(2);
  const auto human = [] { return std::string("three\n"); };
  EXPECT_EQ(RenderOne(progress, OutputFormat::kTable, human), "three\n");
  EXPECT_EQ(RenderOne(progress, OutputFormat::kYaml, human),
            "step: 3\n"
            "total_steps: 0\n"
            "loss: 0.0\n"
            "learning_rate: 0.0\n"
            "tokens_per_second: 0.0\n"
            "evaluation:\n"
            "  step: 0\n"
            "  loss: 0.5\n"
            "  exact_matches: 0\n"
            "  exact_match_rows: 0\n"
            "estimated_time_left: \"2s\"\n");
}

TEST(Output, WritesEnumsAndTimesIntoJson) {
  v1::JobEvent event;
  event.set_sequence(4);
  event.set_kind(v1::JobEvent::WORKER_LOST);
  event.mutable_time()->set_seconds(0);
  EXPECT_EQ(RenderOne(event, OutputFormat::kJson, nullptr),
            "{\n"
            "  \"sequence\": 4,\n"
            "  \"time\": \"1970-01-01T00:00:00Z\",\n"
            "  \"kind\": \"worker_lost\",\n"
            "  \"message\": \"\",\n"
            "  \"worker\": \"\",\n"
            "  \"generation\": 0,\n"
            "  \"step\": 0\n"
            "}\n");
}

TEST(Output, WritesListsAsArraysAndNames) {
  const std::vector<v1::Job> jobs = {RunningJob(), RunningJob()};
  const auto table = [&](bool wide) { return JobTable(jobs, wide, kNow); };
  EXPECT_EQ(RenderList(Pointers(jobs), OutputFormat::kName, table), "jobs/dates-1\njobs/dates-1\n");
  EXPECT_EQ(RenderList({}, OutputFormat::kJson, table), "[]\n");
  const std::string yaml = RenderList(Pointers(jobs), OutputFormat::kYaml, table);
  EXPECT_EQ(yaml.substr(0, 40), "- name: jobs/dates-1\n  spec:\n    base_mo");
}

TEST(Human, ShortensQuantities) {
  EXPECT_EQ(HumanDuration(absl::Seconds(45)), "45s");
  EXPECT_EQ(HumanDuration(absl::Seconds(90)), "1m30s");
  EXPECT_EQ(HumanDuration(absl::Minutes(25)), "25m");
  EXPECT_EQ(HumanDuration(absl::Minutes(200)), "3h20m");
  EXPECT_EQ(HumanDuration(absl::Hours(50)), "2d");
  EXPECT_EQ(HumanDuration(-absl::Seconds(1)), "0s");
  EXPECT_EQ(HumanCount(812), "812");
  EXPECT_EQ(HumanCount(12345), "12.3k");
  EXPECT_EQ(HumanBytes(5 << 20), "5.0 MiB");
}

}  // namespace
}  // namespace ropewalk
