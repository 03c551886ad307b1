//! The heads of answers: status and headers, and the cost that they tell.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use crate::plan::{CacheStatus, CostReport, Plan, Quality, plain_usd, python_usd};
use crate::truth::Told;

/// The head of one answer.
#[derive(Debug, Clone)]
pub(super) struct Head {
    /// The status.
    pub(super) status: StatusCode,
    /// All headers but those of framing.
    pub(super) headers: HeaderMap,
    /// What they tell.
    pub(super) told: Told,
}

impl Head {
    /// The head of an answer that succeeds.
    pub(super) fn success(plan: &Plan) -> Self {
        let mut head = Self::new(StatusCode::OK, plan);
        let kind = if plan.streamed { "text/event-stream; charset=utf-8" } else { "application/json" };
        head.set(header::CONTENT_TYPE.as_str(), kind);
        match plan.cost_report {
            CostReport::Header => head.tell_cost("x-cost-usd", &plain_usd(plan.cost_nano_usd), plan),
            CostReport::LitellmHeader => {
                head.tell_cost("x-litellm-response-cost", &python_usd(plan.cost_nano_usd), plan);
            }
            CostReport::Body | CostReport::Untold => {}
        }
        match plan.cache {
            Some(CacheStatus::Hit) => head.set("x-cache", "hit"),
            Some(CacheStatus::Miss) => head.set("x-cache", "miss"),
            None => {}
        }
        if let Some(quality) = plan.quality {
            head.grade(quality);
        }
        head
    }

    /// The head of an error, which tells no cost.
    pub(super) fn failure(status: u16, retry_after_s: Option<u64>, plan: &Plan) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut head = Self::new(status, plan);
        head.set(header::CONTENT_TYPE.as_str(), "application/json");
        if let Some(seconds) = retry_after_s {
            head.set(header::RETRY_AFTER.as_str(), &seconds.to_string());
        }
        head
    }

    fn new(status: StatusCode, plan: &Plan) -> Self {
        let mut head = Self { status, headers: HeaderMap::new(), told: Told::default() };
        if let Some(algorithm) = plan.algorithm {
            head.set("x-lb-algorithm", algorithm);
        }
        head
    }

    fn tell_cost(&mut self, name: &str, usd: &str, plan: &Plan) {
        self.set(name, usd);
        self.told.cost_nano_usd = Some(plan.cost_nano_usd);
    }

    fn grade(&mut self, quality: Quality) {
        let grades = [
            ("x-quality-score", Some(quality.score)),
            ("x-quality-accuracy", quality.accuracy),
            ("x-quality-relevance", quality.relevance),
            ("x-quality-completeness", quality.completeness),
            ("x-user-satisfaction", quality.satisfaction),
        ];
        for (name, grade) in grades {
            if let Some(thousandths) = grade {
                self.set(name, &format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000));
            }
        }
    }

    /// Sets a header; the names and values here are all plain ASCII, so that none is ever left out.
    fn set(&mut self, name: &str, value: &str) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            self.headers.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::demo_backends;

    #[test]
    fn costs_are_told_as_planned_and_errors_tell_none() {
        let backend = &demo_backends()[0];
        for plan in (0..300).map(|number| Plan::of(2, backend, number)) {
            let head = Head::success(&plan);
            let header = |name: &str| head.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
            let (plain, litellm) = (header("x-cost-usd"), header("x-litellm-response-cost"));
            let told = plain.or(litellm).map(|usd| {
                let usd: f64 = usd.parse().unwrap();
                format!("{usd:.9}").replace('.', "").parse::<u64>().unwrap()
            });
            assert_eq!(told, head.told.cost_nano_usd);
            assert_eq!(told.is_some(), plan.cost_report != CostReport::Untold);
            assert_eq!(header("x-quality-score").is_some(), plan.quality.is_some());

            let failure = Head::failure(429, Some(3), &plan);
            assert_eq!(failure.told, Told::default());
            assert_eq!(failure.headers["retry-after"], "3");
        }
    }
}
