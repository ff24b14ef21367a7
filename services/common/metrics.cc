#include "services/common/metrics.h"

#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "services/common/clock.h"
#include "services/common/process_usage.h"

namespace ropewalk {
namespace {

prometheus::Registry& TheRegistry() {
  static auto* const registry = new prometheus::Registry;
  return *registry;
}

void RefreshProcessMetrics() {
  GaugeMetric("ropewalk_build_info", "The version of Ropewalk, as a label; always 1.",
              {{"version", ROPEWALK_VERSION}})
      .Set(1);
  const ProcessUsage usage = ReadProcessUsage(*Clock::Real());
  GaugeMetric("process_start_time_seconds", "When the process started, in Unix time.")
      .Set(usage.start_time_seconds);
  GaugeMetric("process_resident_memory_bytes", "Memory of the process that is in RAM.")
      .Set(usage.resident_bytes);
  GaugeMetric("process_open_fds", "File descriptors that the process has open.")
      .Set(usage.open_files);
}

}  // namespace

prometheus::Counter& CounterMetric(const std::string& name, const std::string& help,
                                   const MetricLabels& labels) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(TheRegistry()).Add(labels);
}

prometheus::Gauge& GaugeMetric(const std::string& name, const std::string& help,
                               const MetricLabels& labels) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(TheRegistry()).Add(labels);
}

prometheus::Histogram& HistogramMetric(const std::string& name, const std::string& help,
                                       const std::vector<double>& bounds,
                                       const MetricLabels& labels) {
  return prometheus::BuildHistogram()
      .Name(name)
      .Help(help)
      .Register(TheRegistry())
      .Add(labels, bounds);
}

std::vector<double> SecondsBounds() {
  return {0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100};
}

std::string MetricsText() {
  RefreshProcessMetrics();
  return prometheus::TextSerializer().Serialize(TheRegistry().Collect());
}

}  // namespace ropewalk
