"""What status, standup, daily check and progress check say of a run, in Portuguese.

English on the left as the code says it; the holes are those of `core.wording.portuguese`. The documents'
template lines of standup and progress check are given in English alone; those of `check` stay so, for scripts
match them.
"""

from __future__ import annotations

RUN: dict[str, str] = {
    # How a run is.
    "No run was found in {raw}.": "Nenhum treino foi encontrado em {}.",
    "No readable row yet: {raw} in {raw}.": "Nenhuma linha legível ainda: {} em {}.",
    "All {n} steps done, clean shutdown{}.": "Todos os {} steps feitos, encerramento limpo{}.",
    "Clean shutdown {}.": "Encerramento limpo {}.",
    "The trainer recorded the outcome {n} {}.": "O treinador registrou o fim {} {}.",
    "training.log ends in a traceback, {}.": "training.log termina em um traceback, {}.",
    "Process {n} is gone without a clean shutdown, {}.": "O processo {} sumiu sem encerramento limpo, {}.",
    "Process {n} is alive but no step came for {}, {}.": (
        "O processo {} está vivo, mas nenhum step veio há {}, {}."
    ),
    "Process {n} is alive{}.": "O processo {} está vivo{}.",
    "No process to see and no time of the last row is known.": (
        "Nenhum processo visível e a hora da última linha é desconhecida."
    ),
    "No row was seen to arrive yet; the newest file was last written {} ago, {}.": (
        "Nenhuma linha foi vista chegar ainda; o arquivo mais novo foi escrito há {}, {}."
    ),
    "No process to see, no new row for {} and no clean end, {}.": (
        "Nenhum processo visível, nenhuma linha nova há {} e nenhum fim limpo, {}."
    ),
    "Rows arrive, the last {} ago; the process cannot be seen from here.": (
        "Chegam linhas, a última há {}; o processo não é visível daqui."
    ),
    "at step {n}": "no step {}",
    "at step {n} of {n}": "no step {} de {}",
    "at step {n}, {raw}": "no step {}, {}",
    "at step {n} of {n}, {raw}": "no step {} de {}, {}",
    "before its first row": "antes da primeira linha",
    "before its first row of {n}": "antes da primeira linha de {}",
    "last step {} ago": "último step há {}",
    # The facts that the checks share.
    "some rows have no known time; they are left out of a past date": (
        "algumas linhas não têm hora conhecida; ficam fora de uma data passada"
    ),
    "rows of the run": "linhas do treino",
    "reward trend unknown: it needs at least four rows and 5,000 steps": (
        "tendência da recompensa desconhecida: precisa de pelo menos quatro linhas e 5.000 steps"
    ),
    "evaluations.csv at step {n}": "evaluations.csv no step {}",
    "approx_sharpe unknown: {}": "approx_sharpe desconhecido: {}",
    "no evaluation up to then": "nenhuma avaliação até então",
    "{} has no row yet": "{} ainda não tem linha",
    "{} has no readable row": "{} não tem linha legível",
    "there is no {n}": "não há {}",
    "{} could not be read": "{} não pôde ser lido",
    "{} could not be read: {raw}": "{} não pôde ser lido: {}",
    "ended {n}": "terminou {}",
    "neither a start nor row times are known": "nem início nem horas das linhas são conhecidos",
    "started, no row up to then": "iniciado, nenhuma linha até então",
    "last row {n}": "última linha {}",
    "no row after {n}": "nenhuma linha depois de {}",
    "no row between {n} and {n}": "nenhuma linha entre {} e {}",
    "KL unknown: no row has it": "KL desconhecida: nenhuma linha a tem",
    "the newest KL is missing or not finite": "a KL mais nova falta ou não é finita",
    "median of {n} rows {}": "mediana de {} linhas {}",
    "of the last 24 h": "das últimas 24 h",
    "newest": "mais novas",
    "issues unknown: the history of the run is still being read": (
        "problemas desconhecidos: o histórico do treino ainda está sendo lido"
    ),
    "issues unknown: there is no run": "problemas desconhecidos: não há treino",
    "issues unknown: there was no run": "problemas desconhecidos: não havia treino",
    "issues unknown: no row up to then has a known time": (
        "problemas desconhecidos: nenhuma linha até então tem hora conhecida"
    ),
    "alerts are replayed from the recorded rows": "os alertas são reproduzidos das linhas registradas",
    "a traceback stands at the end of training.log": "há um traceback no fim de training.log",
    "crashed: {}": "caiu: {}",
    "stalled: {}": "travado: {}",
    "silent: {}": "silencioso: {}",
    "{} (acknowledged by {raw})": "{} (reconhecido por {})",
    "{raw} at step {n}": "{} no step {}",
    # The events of the week.
    "started {n}": "iniciado {}",
    "a run is there; its start is not known": "há um treino; seu início é desconhecido",
    "no run is there": "não há treino",
    "{n}; the training was started": "{}; o treino foi iniciado",
    "not recorded; the training was started": "não registrado; o treino foi iniciado",
    "the training was started": "o treino foi iniciado",
    "no preflight is recorded": "nenhum preflight registrado",
    "ticked by {raw}": "marcado por {}",
    "{n} of {n} ticked": "{} de {} marcados",
    "{n} of {n}, {raw}": "{} de {}, {}",
    "waits for the training to start": "espera o início do treino",
    "there was no run": "não havia treino",
    "the run has ended; left open: {}": "o treino terminou; ficou em aberto: {}",
    "it has no items on this day": "não tem itens neste dia",
    "{n} failing: {}": "{} falhando: {}",
    "no decision yet": "ainda sem decisão",
    "decided without it: {raw}": "decidido sem ela: {}",
    "not signed": "não assinado",
    "see ppo-console checklist preparation": "veja ppo-console checklist preparation",
    "{n} by {raw} ({raw}), {n}": "{} por {} ({}), {}",
    "the CTO has rejected the decision: {}": "o CTO rejeitou a decisão: {}",
    "the CTO has not approved a decision": "o CTO não aprovou uma decisão",
    "waits for the CTO's approval": "espera a aprovação do CTO",
    # What a run or the candles lack.
    "training.log is missing": "falta training.log",
    "training.log has no line": "training.log não tem linha",
    "training.log could not be read: {raw}": "training.log não pôde ser lido: {}",
    "no row of metrics": "nenhuma linha de métricas",
    "no row for {} from {n}": "nenhuma linha por {} desde {}",
    "no row for {} from {n}, the run was resumed in it": (
        "nenhuma linha por {} desde {}, o treino foi retomado nesse tempo"
    ),
    "no checkpoint was saved after step {n}": "nenhum checkpoint salvo depois do step {}",
    "the start of the run is not known, so its days cannot be counted": (
        "o início do treino é desconhecido: seus dias não podem ser contados"
    ),
    "{n} gap{}, {n} candles missing; the largest lacks {n} after {raw}": (
        "{} lacuna{}, faltam {} candles; a maior tem {} depois de {}"
    ),
    "{n} candles without volume, the first at {raw}": "{} candles sem volume, o primeiro em {}",
    "unfinished last candle, cut: {raw}": "último candle inacabado, cortado: {}",
    "no candle has closed yet": "nenhum candle fechou ainda",
    "The folder mixes timeframes: {raw}; expected one. Keep the files of one timeframe there, and move the "
    "others to a folder of their own.": (
        "A pasta mistura timeframes: {}; esperado um só. Deixe nela os arquivos de um timeframe e mova os "
        "outros para uma pasta própria."
    ),
    "{} and {} are both {}; expected one file per symbol. Move one of them away.": (
        "{} e {} são ambos {}; esperado um arquivo por símbolo. Tire um deles da pasta."
    ),
    "The candles of its files open at different moments of the {raw}: {raw}. Keep those of one source, and "
    "move the others to a folder of their own.": (
        "Os candles dos arquivos abrem em momentos diferentes do {}: {}. Deixe os de uma fonte e mova os "
        "outros para uma pasta própria."
    ),
    # The standup's lines.
    "DATE: {raw}": "DATA: {}",
    "TIME: {raw} UTC": "HORA: {} UTC",
    "RESPONSIBLE: {raw}": "RESPONSÁVEL: {}",
    "YESTERDAYS PROGRESS:": "PROGRESSO DE ONTEM:",
    "TODAYS PLAN:": "PLANO DE HOJE:",
    "BLOCKERS:": "BLOCKERS:",
    "CONFIDENCE LEVEL:": "NÍVEL DE CONFIANÇA:",
    "NOT KNOWN:": "DESCONHECIDO:",
    "NOTE: {raw}": "NOTA: {}",
    "Training status": "Estado do treino",
    "Reward trend": "Tendência da recompensa",
    "KL divergence": "Divergência KL",
    "Last checkpoint": "Último checkpoint",
    "Issues": "Problemas",
    "Any tuning needed?": "Algum ajuste necessário?",
    "On track for 5-6/6 gates": "A caminho de 5-6/6 gates",
    "Daily standup": "Standup diário",
    "Responsible": "Responsável",
    "Run": "Treino",
    "Yesterday's progress": "Progresso de ontem",
    "Today's plan": "Plano de hoje",
    "Blockers": "Blockers",
    "Confidence level": "Nível de confiança",
    "Note": "Nota",
    "Not known": "Desconhecido",
    "Continue": "Continuar",
    "Monitor": "Monitorar",
    "Tuning needed?": "Ajuste necessário?",
    "On track, 5-6/6": "A caminho, 5-6/6",
    "None": "Nenhum",
    "No": "Não",
    "Yes": "Sim",
    "unknown": "desconhecido",
    "unknown: the alerts of that time are not known": "desconhecido: os alertas de então são desconhecidos",
    "_Filled from the run at {n}._": "_Preenchido a partir do treino em {}._",
    "_Filled from the run at {n}, confirmed by {raw}._": (
        "_Preenchido a partir do treino em {}, confirmado por {}._"
    ),
    "training status": "estado do treino",
    "reward trend": "tendência da recompensa",
    "training status: {}": "estado do treino: {}",
    "reward trend: {}": "tendência da recompensa: {}",
    "KL divergence: {}": "divergência KL: {}",
    "last checkpoint: {}": "último checkpoint: {}",
    "issues: the alerts of that time are not known": "problemas: os alertas de então são desconhecidos",
    "confidence: {}": "confiança: {}",
    "no timestep known ({n})": "nenhum timestep conhecido ({})",
    "{n} / {n} timesteps, {raw} in 24 h": "{} / {} timesteps, {} em 24 h",
    "{n} / {n} timesteps {n}, {raw} in 24 h": "{} / {} timesteps {}, {} em 24 h",
    "{n} / {n} timesteps, {raw}": "{} / {} timesteps, {}",
    "{n} / {n} timesteps {n}, {raw}": "{} / {} timesteps {}, {}",
    "unknown (needs at least 4 rows and 5,000 steps)": (
        "desconhecida (precisa de pelo menos 4 linhas e 5.000 steps)"
    ),
    "positive": "positiva",
    "flat": "estável",
    "negative": "negativa",
    "{n} ({n}, last {n}{})": "{} ({}, última {}{})",
    "unknown (no finite newest value)": "desconhecida (nenhum valor novo finito)",
    "{n}, {raw} (median {n})": "{}, {} (mediana {})",
    "none found": "nenhum encontrado",
    "none found, the first is due at {n} steps": "nenhum encontrado, o primeiro vem aos {} steps",
    "{n} (age: {n} hours)": "{} (idade: {} horas)",
    "Judged {n}: {n}": "Julgado {}: {}",
    "judged {n}: {n}": "julgado {}: {}",
    "Judged {n}: {n}; next: {}": "Julgado {}: {}; a seguir: {}",
    "{}; that time is past": "{}; essa hora já passou",
    "{n} {n}, at once ({}; planned for {n} UTC)": "{} {}, já ({}; previsto para {} UTC)",
    "{n} {n}, at once ({}; planned for {n} {n} {n} UTC)": "{} {}, já ({}; previsto para {} {} {} UTC)",
    "{n} {n} {n} UTC ({})": "{} {} {} UTC ({})",
    "CTO Approval": "aprovação do CTO",
    "CTO Review: tune and retrain, or a conditional deployment": (
        "revisão do CTO: ajustar e retreinar, ou deploy condicional"
    ),
    "Escalate to CTO: investigate and retrain, no deployment": (
        "escalar ao CTO: investigar e retreinar, sem deploy"
    ),
    "Training is complete: prepare the revalidation": "O treino está completo: preparar a revalidação",
    "Training is {n}: find the cause, then resume or restart": (
        "O treino está {}: achar a causa, depois retomar ou reiniciar"
    ),
    "Continue training (target: unknown, no pace measured yet)": (
        "Continuar o treino (meta: desconhecida, nenhum ritmo medido ainda)"
    ),
    "Continue training (target: {n} more steps{})": "Continuar o treino (meta: mais {} steps{})",
    "to the end": "até o fim",
    "{n} steps/s until {n}": "{} steps/s até {}",
    "No more monitoring: the training is complete": "Nada mais a monitorar: o treino está completo",
    "Nothing to monitor: go through the crash runbook, escalate to the SWE Lead; do not restart before the "
    "cause is known": (
        "Nada a monitorar: seguir o runbook de crash, escalar ao SWE Lead; não reiniciar antes de conhecer a "
        "causa"
    ),
    "Nothing to monitor while the training is {n}": "Nada a monitorar enquanto o treino está {}",
    "{} Its last row is of {n}.": "{} A última linha é de {}.",
    "Monitor convergence every 4 hours": "Monitorar a convergência a cada 4 horas",
    "KL {n} > {n}: reduce the learning rate, check the data": (
        "KL {} > {}: reduzir a learning rate, verificar os dados"
    ),
    "reward falling: check the reward function": "recompensa caindo: verificar a função de recompensa",
    "training is {n}": "o treino está {}",
    "training is {n}: {}": "o treino está {}: {}",
    "judged: {n} of {n} gates, {raw}": "julgado: {} de {} gates, {}",
    "revalidation of {n}": "revalidação de {}",
    "validation at step {n}": "validação no step {}",
    "unknown: no evaluation on the validation slice yet": (
        "desconhecida: ainda sem avaliação na fatia de validação"
    ),
    "unknown: {n} trades of the {n} a gate needs ({})": (
        "desconhecida: {} trades dos {} que um gate precisa ({})"
    ),
    "{n} ({n} of {n} gates passed, {})": "{} ({} de {} gates passaram, {})",
    "validation at step {n}; {}": "validação no step {}; {}",
    "High": "Alta",
    "Medium": "Média",
    "Low": "Baixa",
    "missed: {}": "não passaram: {}",
    "not evaluated there: {}": "não avaliados ali: {}",
    "on {} candles of the {n} a gate needs": "com {} candles dos {} que um gate precisa",
    "an unknown number of": "um número desconhecido de",
    # The progress check's details and reasons, the daily check's points.
    "Pace:         {raw} steps/s, ETA {raw}": "Ritmo:        {} steps/s, ETA {}",
    "Pace:         {raw} steps/s at its last rows, ETA {raw}": (
        "Ritmo:        {} steps/s nas suas últimas linhas, ETA {}"
    ),
    "Run:          {raw}": "Treino:       {}",
    "Status:       {n}": "Estado:       {}",
    "Status:       {n} - {}": "Estado:       {} - {}",
    "Progress:     {}": "Progresso:    {}",
    "{n} / {n} timesteps": "{} / {} timesteps",
    "{n} / {n} timesteps ({n} %)": "{} / {} timesteps ({} %)",
    "Reward:       {n}, {n}": "Recompensa:   {}, {}",
    "KL:           last {n}, median {n} ({n} rows); checklist < {n}, launch and daily < {n}": (
        "KL:           última {}, mediana {} ({} linhas); checklist < {}, início e diário < {}"
    ),
    "Validation:   Sharpe {n}": "Validação:    Sharpe {}",
    "Validation:   Sharpe {n} at step {n}": "Validação:    Sharpe {} no step {}",
    "Checkpoint:   {n}, age {raw}": "Checkpoint:   {}, idade {}",
    "Attention:    {}": "Atenção:      {}",
    "As of:        {n}": "Até:          {}",
    "log files missing: {}": "faltam arquivos de log: {}",
    "the reward is falling": "a recompensa está caindo",
    "the reward trend is not known": "a tendência da recompensa é desconhecida",
    "the KL divergence is not known": "a divergência KL é desconhecida",
    "KL {n} is not below {n}": "KL {} não está abaixo de {}",
    "KL {n} is above {n}": "KL {} está acima de {}",
    "the newest checkpoint is {} old": "o checkpoint mais novo tem {}",
    "Training still running?": "Treino ainda rodando?",
    "Investigate hanging": "Investigar hanging",
    "Reward trend OK?": "Tendência da recompensa OK?",
    "Check the reward function": "Verificar a função de recompensa",
    "Sharpe estimate > 0.0?": "Sharpe estimado > 0.0?",
    "Below zero is no alarm yet: watch the next evaluations": (
        "Abaixo de zero ainda não é alarme: observar as próximas avaliações"
    ),
    "No KL spikes?": "Sem spikes de KL?",
    "Reduce the learning rate on a spike": "Reduzir a LR se houver spike",
    "No crashes?": "Sem crashes?",
    "Check the logs": "Verificar os logs",
}
