#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/testing/process_cluster.h"
#include "tests/testing/sample_job.h"
#include "tests/testing/temporary_folder.h"

namespace ropewalk {

// A test with a cluster of its own, and the sample jobs; it starts the workers itself.
class ProcessClusterTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(WriteSampleJobs(folder_.path()).ok());
    auto cluster = ProcessCluster::Start(folder_.path());
    ASSERT_TRUE(cluster.ok()) << cluster.status();
    cluster_ = *std::move(cluster);
  }

  void StartWorkers(const std::vector<std::string>& names) {
    for (const std::string& name : names) ASSERT_TRUE(cluster_->StartWorker(name).ok());
    ASSERT_TRUE(cluster_->AwaitWorkers(static_cast<int>(names.size())).ok());
  }

  // A sample job's file.
  std::string Sample(const std::string& name) const {
    return folder_.path() + "/" + name + ".yaml";
  }

  // The version that a job publishes with so many workers.
  std::string ResultOf(const std::string& yaml_file, int workers,
                       const std::vector<std::string>& more = {}) {
    std::vector<std::string> settings = {"workers.min=" + std::to_string(workers),
                                         "workers.max=" + std::to_string(workers)};
    settings.insert(settings.end(), more.begin(), more.end());
    const auto job = cluster_->Submit(yaml_file, settings);
    EXPECT_TRUE(job.ok()) << job.status();
    const auto version = cluster_->AwaitResult(job.value_or(""), absl::Minutes(4));
    EXPECT_TRUE(version.ok()) << version.status();
    return version.value_or("");
  }

  TemporaryFolder folder_;
  std::unique_ptr<ProcessCluster> cluster_;
};

}  // namespace ropewalk
