#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <thread>

#include "services/common/logging.h"
#include "services/common/metrics.h"
#include "services/common/probe_handler.h"
#include "services/common/process_usage.h"
#include "services/common/threads.h"

namespace ropewalk {
namespace {

using ::testing::HasSubstr;

TEST(Logging, WritesOneJsonObjectALine) {
  const std::string text("quote\" newline\n bad utf8 \xff");
  const std::string line =
      FormatLogLine("2026-01-01T00:00:00Z", "info", "worker", "message",
                    {{"text", text}, {"count", 7}, {"share", 0.5}, {"ok", true}});
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto json = nlohmann::json::parse(line);
  EXPECT_EQ(json["ts"], "2026-01-01T00:00:00Z");
  EXPECT_EQ(json["program"], "worker");
  EXPECT_EQ(json["count"], 7);
  EXPECT_EQ(json["share"], 0.5);
  EXPECT_EQ(json["ok"], true);
  EXPECT_THAT(json["text"].get<std::string>(), HasSubstr("quote\" newline\n"));
}

TEST(Logging, RefusesUnknownLevels) {
  const absl::Status status = InitLogging("test", "warn");
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(status.message(), HasSubstr("warning"));
}

TEST(Logging, ShowsFromTheLevelOn) {
  ASSERT_TRUE(InitLogging("test", "warning").ok());
  ::testing::internal::CaptureStderr();
  LogInfo("quiet");
  LogWarning("loud", {{"n", 1}});
  const std::string output = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(output.find("quiet"), std::string::npos);
  EXPECT_THAT(output, HasSubstr("\"msg\":\"loud\",\"n\":1}\n"));
}

TEST(Metrics, AreOneForANameAndLabels) {
  CounterMetric("ropewalk_test_total", "A test.", {{"kind", "a"}}).Increment();
  CounterMetric("ropewalk_test_total", "A test.", {{"kind", "a"}}).Increment();
  CounterMetric("ropewalk_test_total", "A test.", {{"kind", "b"}}).Increment();
  HistogramMetric("ropewalk_test_seconds", "A test.", SecondsBounds()).Observe(0.02);
  const std::string text = MetricsText();
  EXPECT_THAT(text, HasSubstr("ropewalk_test_total{kind=\"a\"} 2"));
  EXPECT_THAT(text, HasSubstr("ropewalk_test_total{kind=\"b\"} 1"));
  EXPECT_THAT(text, HasSubstr("ropewalk_test_seconds_bucket{le=\"0.03\"} 1"));
  EXPECT_THAT(text, HasSubstr("ropewalk_build_info{version=\""));
  EXPECT_THAT(text, HasSubstr("process_start_time_seconds"));
}

TEST(ProcessUsage, IsWhatTheKernelSays) {
  const ProcessUsage usage = ReadProcessUsage(*Clock::Real());
  const double now = absl::ToDoubleSeconds(absl::Now() - absl::UnixEpoch());
  EXPECT_LT(usage.start_time_seconds, now + 1);
  EXPECT_GT(usage.start_time_seconds, now - 3600);
  EXPECT_GT(usage.resident_bytes, 1e6);
  EXPECT_GE(usage.open_files, 3);
}

HttpResponse Ask(ProbeHandler* probes, const std::string& method, const std::string& path) {
  HttpRequest request;
  request.method = method;
  request.path = path;
  return probes->Begin(request)->Finish();
}

TEST(Probes, TellLifeReadinessAndMetrics) {
  ProbeHandler probes(nullptr);
  EXPECT_EQ(Ask(&probes, "GET", "/livez").status, 200);
  EXPECT_EQ(Ask(&probes, "GET", "/readyz").status, 503);
  probes.SetReady(true);
  EXPECT_EQ(Ask(&probes, "HEAD", "/readyz").status, 200);
  EXPECT_THAT(std::get<std::string>(Ask(&probes, "GET", "/metrics").body), HasSubstr("# TYPE"));
  EXPECT_EQ(Ask(&probes, "POST", "/livez").status, 405);
  EXPECT_EQ(Ask(&probes, "GET", "/").status, 404);
}

TEST(Threads, AreListedWithTheirNames) {
  std::thread named([] {
    SetThreadName("a name that is too long");
    const auto threads = ListThreads();
    ASSERT_TRUE(threads.ok()) << threads.status();
    EXPECT_GE(threads->threads_size(), 2);
    bool found = false;
    for (const v1::Thread& thread : threads->threads()) {
      found |= thread.name() == "a name that is " && thread.state() == "R";
    }
    EXPECT_TRUE(found) << threads->DebugString();
  });
  named.join();
}

TEST(Threads, NamesMayHoldBrackets) {
  const auto thread = ParseThreadStat(
      "42 (a) b (c) S 1 1 1 0 -1 0 0 0 0 0 150 50 0 0 20 0 1 0 100 0 0", /*ticks=*/100);
  ASSERT_TRUE(thread.ok()) << thread.status();
  EXPECT_EQ(thread->id(), 42);
  EXPECT_EQ(thread->name(), "a) b (c");
  EXPECT_EQ(thread->state(), "S");
  EXPECT_EQ(thread->cpu_seconds(), 2);
  EXPECT_TRUE(absl::IsInvalidArgument(ParseThreadStat("nonsense", 100).status()));
}

}  // namespace
}  // namespace ropewalk
