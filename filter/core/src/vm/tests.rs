use weir_wire::Outcome;

use super::*;
use crate::fake_host::FakeHost;
use crate::testing::test;

fn config(cluster: &str) -> Rc<Config> {
    Rc::new(Config::parse(format!(r#"{{"collector": {{"cluster": "{cluster}"}}}}"#).as_bytes()).unwrap())
}

test! {
    fn what_is_undelivered_goes_where_the_newest_configuration_says() {
        let host = FakeHost::default();
        let mut vm = Vm::new(&host, [1; 16], config("old"));
        vm.record(&host, &Event::new(Outcome::Success), 0);
        vm.configure(config("new"));
        vm.tick(&host);
        vm.on_answer(&host, CalloutId(1), Some(503), None);
        host.pass_ms(1_000);
        vm.tick(&host);
        let clusters: Vec<String> = host.callouts().into_iter().map(|callout| callout.cluster).collect();
        assert_eq!(clusters, ["new", "new"]);
    }

    fn a_server_that_refuses_everything_is_not_asked_for_ever() {
        let host = FakeHost::default();
        let mut vm = Vm::new(&host, [1; 16], config("c"));
        vm.record(&host, &Event::new(Outcome::Success), 0);
        for _ in 0..20 {
            vm.tick(&host);
            let sent = u32::try_from(host.callouts().len()).unwrap();
            vm.on_answer(&host, CalloutId(sent), Some(400), None);
            host.pass_ms(60_000);
        }
        let batches = host.batches();
        assert_eq!(batches.iter().map(weir_wire::Batch::len).collect::<Vec<_>>(), [1, 0], "the event, then the news of its loss");
        assert_eq!(host.logs().len(), 1, "{:?}", host.logs());
    }

    fn an_answer_to_another_callout_is_nobodys() {
        let host = FakeHost::default();
        let mut vm = Vm::new(&host, [1; 16], config("c"));
        vm.record(&host, &Event::new(Outcome::Success), 0);
        vm.tick(&host);
        vm.on_answer(&host, CalloutId(99), Some(200), None);
        assert_eq!(vm.outbox.undelivered_events(), 1);
        vm.on_answer(&host, CalloutId(1), Some(200), None);
        assert_eq!(vm.outbox.undelivered_events(), 0);
    }
}
