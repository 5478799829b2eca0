// Where vectors come from: the deterministic stub, or an Ollama server on this machine. Texts go to
// a loopback address or nowhere.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/config.h"
#include "app/layout.h"
#include "base/result.h"
#include "llm/servers.h"
#include "net/http.h"
#include "retrieval/embed_stub.h"

namespace cortex::app {

struct EmbeddingSettings {
  bool ollama = false;  // else the stub
  std::string endpoint{llm::kOllamaEndpoint};
  std::string model = "nomic-embed-text";
  std::int64_t dim = 768;
  std::int64_t timeout_millis = 30'000;
};

struct EmbeddingChoice {
  EmbeddingSettings settings;
  std::string note;  // why the configuration file was not heeded, or empty
};

// Environment (CORTEX_EMBEDDING_BACKEND, _ENDPOINT, _MODEL) before configuration file before the
// defaults; endpoint and model only count when the backend is Ollama. A file that is not valid
// means the stub.
EmbeddingChoice embedding_settings(const Environment& environment, fs::FileSystem& fs);
EmbeddingSettings embedding_settings(const Environment& environment, const ConfigFile& config);

class Embedder {
 public:
  virtual ~Embedder() = default;
  virtual const std::string& backend_id() const = 0;  // "stub:blake3-v1", "ollama:<model>:<dim>"
  virtual Result<retrieval::Vector> embed(std::string_view text,
                                          const std::vector<std::string>& tags) = 0;
};

std::unique_ptr<Embedder> stub_embedder();
// kUsage when a setting cannot work. `http` must outlive the embedder.
Result<std::unique_ptr<Embedder>> ollama_embedder(const EmbeddingSettings& settings,
                                                  net::Http& http);

}  // namespace cortex::app
