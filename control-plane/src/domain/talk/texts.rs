//! What we say of our own accord on a call that we made, in the languages we know. What people configure is said instead
//! where they did.

/// The sentences of one language.
#[derive(Clone, Copy, Debug)]
pub struct Texts {
    /// The usual message; `{name}`, `{title}` and `{minutes}` are filled in.
    pub reminder: &'static str,
    /// Which key means what.
    pub menu: &'static str,
    /// The key that ends all calls.
    pub opt_out: &'static str,
    /// After a key that means nothing.
    pub not_understood: &'static str,
    /// It is stored that the person comes.
    pub joined: &'static str,
    /// It is stored that the person does not come.
    pub missed: &'static str,
    /// It is stored that the person is not called again.
    pub opted_out: &'static str,
    /// Somebody answered it before.
    pub already: &'static str,
    /// The same with the name.
    pub already_by: &'static str,
    /// The end.
    pub goodbye: &'static str,
}

const ENGLISH: Texts = Texts {
    reminder: "Hello {name}. Your event {title} starts in {minutes} minutes.",
    menu: "Press 1 if you join. Press 2 if you cannot.",
    opt_out: "Press 9 if you do not want to be called again.",
    not_understood: "We did not understand that key.",
    joined: "Thank you. We have noted that you join. Goodbye.",
    missed: "Thank you. We have noted that you cannot join. Goodbye.",
    opted_out: "We will not call you again. Goodbye.",
    already: "This has been answered already. Goodbye.",
    already_by: "This has been answered already by {by}. Goodbye.",
    goodbye: "Goodbye.",
};

const GERMAN: Texts = Texts {
    reminder: "Hallo {name}. Ihr Termin {title} beginnt in {minutes} Minuten.",
    menu: "Drücken Sie die eins, wenn Sie teilnehmen. Drücken Sie die zwei, wenn Sie nicht können.",
    opt_out: "Drücken Sie die neun, wenn Sie nicht mehr angerufen werden möchten.",
    not_understood: "Diese Taste haben wir nicht verstanden.",
    joined: "Danke. Wir haben notiert, dass Sie teilnehmen. Auf Wiederhören.",
    missed: "Danke. Wir haben notiert, dass Sie nicht teilnehmen. Auf Wiederhören.",
    opted_out: "Wir rufen Sie nicht mehr an. Auf Wiederhören.",
    already: "Das ist schon beantwortet. Auf Wiederhören.",
    already_by: "Das hat {by} schon beantwortet. Auf Wiederhören.",
    goodbye: "Auf Wiederhören.",
};

const FRENCH: Texts = Texts {
    reminder: "Bonjour {name}. Votre rendez-vous {title} commence dans {minutes} minutes.",
    menu: "Appuyez sur 1 si vous participez. Appuyez sur 2 si vous ne pouvez pas.",
    opt_out: "Appuyez sur 9 pour ne plus être appelé.",
    not_understood: "Nous n'avons pas compris cette touche.",
    joined: "Merci. Nous avons noté que vous participez. Au revoir.",
    missed: "Merci. Nous avons noté que vous ne pouvez pas participer. Au revoir.",
    opted_out: "Nous ne vous appellerons plus. Au revoir.",
    already: "Quelqu'un a déjà répondu. Au revoir.",
    already_by: "{by} a déjà répondu. Au revoir.",
    goodbye: "Au revoir.",
};

const SPANISH: Texts = Texts {
    reminder: "Hola {name}. Su cita {title} empieza en {minutes} minutos.",
    menu: "Pulse 1 si participa. Pulse 2 si no puede.",
    opt_out: "Pulse 9 si no quiere que le llamemos más.",
    not_understood: "No hemos entendido esa tecla.",
    joined: "Gracias. Hemos anotado que participa. Adiós.",
    missed: "Gracias. Hemos anotado que no puede participar. Adiós.",
    opted_out: "No le llamaremos más. Adiós.",
    already: "Ya se ha respondido. Adiós.",
    already_by: "Ya ha respondido {by}. Adiós.",
    goodbye: "Adiós.",
};

/// The sentences of a language, such as `de-AT`; English where we know none.
pub fn texts(language: &str) -> &'static Texts {
    match language.split('-').next().unwrap_or_default() {
        "de" => &GERMAN,
        "fr" => &FRENCH,
        "es" => &SPANISH,
        _ => &ENGLISH,
    }
}
